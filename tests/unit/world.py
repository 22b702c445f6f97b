"""A whole TuneDrop over fakes: the real use cases, a clock that tests turn."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from shared.commands import Commands
from shared.core.base_models import DEFAULT_BASE_MODEL
from shared.core.dataset.cost import UNKNOWN_PRICES, Prices
from shared.core.run import Channel, Run
from shared.core.screening import Mode
from shared.errors import TuneDropError
from shared.idle import report_idle
from shared.intake import Intake
from shared.notifier import Backgrounds, Notifier
from shared.ports import Deployment, Dropped
from shared.reconciler import Reconciler
from shared.retiring import retire_previous
from shared.screening import Pace, Screening
from shared.work import Services
from tests.fakes import (
    FakeDatasets,
    FakeDeadLetters,
    FakeEndpoints,
    FakeMessenger,
    FakeModels,
    FakeQueue,
    FakeReports,
    FakeRuns,
    FakeTopic,
    FakeTraining,
)
from tests.fakes_inference import FakeSafety

START = datetime(2026, 11, 20, 12, tzinfo=UTC)


def example(number: int) -> str:
    return (
        '{"messages": [{"role": "system", "content": "Be kind."}, '
        f'{{"role": "user", "content": "What is {number} plus one?"}}, '
        f'{{"role": "assistant", "content": "It is {number + 1}."}}]}}\n'
    )


GOOD = "".join(map(example, range(20))).encode()


@dataclass
class World:
    """Everything that a run touches."""

    now: datetime = START
    runs: FakeRuns = field(default_factory=FakeRuns)
    queue: FakeQueue = field(default_factory=FakeQueue)
    datasets: FakeDatasets = field(default_factory=FakeDatasets)
    letters: FakeDeadLetters = field(default_factory=FakeDeadLetters)
    training: FakeTraining = field(default_factory=FakeTraining)
    endpoints: FakeEndpoints = field(default_factory=FakeEndpoints)
    models: FakeModels = field(default_factory=FakeModels)
    topic: FakeTopic = field(default_factory=FakeTopic)
    teams: FakeMessenger = field(default_factory=FakeMessenger)
    email: FakeMessenger = field(default_factory=FakeMessenger)
    safety: FakeSafety = field(default_factory=FakeSafety)
    screening_mode: Mode = Mode.SAMPLE
    screening_sample: int = 200
    pace: Pace = Pace(per_second=1e9)
    prices: Prices = UNKNOWN_PRICES
    default_base_model: str = DEFAULT_BASE_MODEL
    answer: Callable[[], str | None] = lambda: None  # what verification finds wrong

    def __post_init__(self) -> None:
        services = Services(
            datasets=self.datasets,
            training=self.training,
            endpoints=self.endpoints,
            models=self.models,
            screening=Screening(
                self.datasets, self._connected, self.clock, self.screening_mode, self.screening_sample, self.pace
            ),
            verify=self.verify,
            clock=self.clock,
            prices=self.prices,
            default_base_model=self.default_base_model,
        )
        messengers = {Channel.TEAMS: self.teams, Channel.EMAIL: self.email}
        self.reports = FakeReports(self.datasets)
        self.backgrounds = Backgrounds(self.runs, self.reports, self.clock, "https://app.example", run_pages=True)
        self.notifier = Notifier(self.runs, self.topic, messengers, self.backgrounds, self.clock)
        self.intake = Intake(self.runs, self.queue, self.datasets, self.letters, self.clock)
        self.commands = Commands(self.runs, self.queue, self.clock)
        self.reconciler = Reconciler(self.runs, self.queue, self.notifier, services, self.clock)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[FakeSafety]:
        yield self.safety

    def clock(self) -> datetime:
        return self.now

    def verify(self, _deployment: Deployment, _run: Run) -> str | None:
        """Return what is wrong with a new deployment's answer, or None."""
        return self.answer()

    def drop(self, path: str = "support.jsonl", content: bytes = GOOD) -> Dropped:
        return self.datasets.drop(path, content, self.now)

    def receive(self, dropped: Dropped) -> str:
        run_id = self.intake.receive(dropped)
        assert run_id is not None
        return run_id

    def run(self, run_id: str) -> Run:
        return self.runs.get(run_id).run

    def tick(self, times: int = 1) -> None:
        """What the timer and the queue do in a minute; an error costs the tick, as in the Functions host."""
        for _ in range(times):
            self.now += timedelta(minutes=1)
            for step in (self._sweep, self._advance_open, self._deliver):
                try:
                    step()
                except TuneDropError:
                    continue  # the host logs it and the next tick repeats the step
            self._finish_jobs()

    def _sweep(self) -> None:
        self.intake.sweep()
        self.intake.read_dead_letters()
        retire_previous(self.models, self.endpoints, self.runs)

    def report_idle(self, days: int = 3) -> None:
        """What the daily timer does, and Event Grid with its news."""
        report_idle(self.models, self.runs, self.topic, self.now, days)
        self._deliver()

    def _advance_open(self) -> None:
        self.reconciler.queue_open()
        waiting, self.queue.ids = set(self.queue.ids), []
        for run_id in sorted(waiting):
            self.reconciler.advance(run_id)

    def _deliver(self) -> None:
        for notification in self.topic.published:
            self.notifier.send(notification)

    def _finish_jobs(self) -> None:
        for name, job in self.training.jobs.items():
            if job.status == "NotStarted":
                self.training.jobs[name] = type(job)("Completed")
