"""Everything that may happen to runs, in any order, as hypothesis draws it; and what must hold all the while."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from shared.commands import CANCEL, DELETE, RETRY, Command
from shared.core.lifecycle import is_final
from shared.core.run import Moment, Run, State
from shared.errors import Conflict, NotFound, NotNow, ServiceRefused, ServiceUnavailable, TuneDropError
from shared.ports import Dropped, Endpoint
from tests.endings import (
    assert_all_ended,
    assert_all_were_told,
    assert_nothing_costs_that_does_not_serve,
    assert_what_serves_is_asked,
    live_jobs,
    runs_of,
)
from tests.port_calls import CALLS
from tests.unit.world import GOOD, example
from tests.whole_world import WholeWorld

NAMES = ("support.jsonl", "sales.jsonl")
CONTENTS = {"good": GOOD, "another": GOOD + example(99).encode(), "bad": b"nonsense"}
MIDDLES = [  # calls in the middle of a step: between reading the run and saving what follows
    (fake, method) for fake, method in CALLS if fake in ("datasets", "training", "endpoints", "models")
] + [("runs", "save")]
HANDING_OVER = (("models", "find"), ("models", "point"), ("runs", "save"))
ERRORS = (
    ServiceUnavailable("a service", "a bad moment"),
    Conflict("a repeated call met its own effect"),
    ServiceRefused("a service", "no rights yet", 403),
    NotFound("a service", "a setting that leads elsewhere"),
)
COMMANDS = (CANCEL, RETRY, DELETE)
ENDS = ("Completed", "Failed", "Canceled")
CALM_TICKS = 12
LONGER_THAN_ANY_LIMIT = timedelta(hours=49)


@dataclass(frozen=True)
class Trouble:
    """What may be wrong with a new deployment's answer."""

    problem: str | None = None
    error: TuneDropError | None = None

    def __call__(self) -> str | None:
        if self.error:
            raise self.error
        return self.problem


class Lives(RuleBasedStateMachine):
    """Runs over fakes: uploads, events, ticks, clocks, faults, rivals and people's commands."""

    drops = Bundle("drops")

    def __init__(self) -> None:
        super().__init__()
        self.world = WholeWorld()
        self.seen: dict[str, list[Moment]] = {}
        self.lost_answers = False  # a channel's or the table's: then a message may be sent twice

    @initialize(target=drops)
    def first_upload(self):
        return self.upload(NAMES[0], "good", events=1)

    @rule(
        target=drops,
        name=st.sampled_from(NAMES),
        content=st.sampled_from(sorted(CONTENTS)),
        events=st.integers(0, 3),
    )
    def upload(self, name: str, content: bytes, events: int):
        dropped = self.world.drop(name, CONTENTS[content])
        for _ in range(events):
            self._event(dropped)
        return dropped

    @rule(dropped=drops)
    def event_comes_again(self, dropped: Dropped):
        self._event(dropped)

    @rule(times=st.integers(1, 3))
    def ticks(self, times: int):
        self.world.tick(times)

    @rule(minutes=st.sampled_from((1, 3, 70, 400, 3000)))
    def clock_jumps(self, minutes: int):
        self.world.now += timedelta(minutes=minutes)

    @rule(number=st.integers(0, 3))
    def hint_comes(self, number: int):
        with suppress(TuneDropError):
            self.world.reconciler.advance(self._run(number))

    @rule(call=st.sampled_from(CALLS), error=st.sampled_from(ERRORS), after=st.booleans())
    def call_will_fail(self, call: tuple[str, str], error: TuneDropError, after: bool):
        fake, method = call
        self.lost_answers |= method in ("send", "sent", "claim", "release")
        getattr(self.world, fake).fail_next(method, error, after=after)

    @rule(call=st.sampled_from(MIDDLES), number=st.integers(0, 3), after=st.booleans())
    def two_hosts_meet(self, call: tuple[str, str], number: int, after: bool):
        self._meanwhile(call, lambda: self.hint_comes(number), after)
        self.hint_comes(number)

    @rule(
        call=st.sampled_from(MIDDLES),
        command=st.sampled_from(COMMANDS),
        number=st.integers(0, 3),
        after=st.booleans(),
    )
    def a_person_asks_meanwhile(self, call: tuple[str, str], command: Command, number: int, after: bool):
        self._meanwhile(call, lambda: self.person_asks(command, number), after)
        self.hint_comes(number)

    @rule(
        call=st.sampled_from(MIDDLES),
        commands=st.lists(st.sampled_from(COMMANDS), min_size=1, max_size=3),
        ticks=st.integers(1, 6),
        number=st.integers(0, 3),
    )
    def a_call_takes_minutes(self, call: tuple[str, str], commands: list[Command], ticks: int, number: int):
        """Others go on meanwhile; nothing fails besides: what is not promised is said in docs/reliability.md."""
        self._recover()

        def act() -> None:
            for command in commands:
                self.person_asks(command, number)
                self.world.tick(ticks)

        self._meanwhile(call, act, after=False)
        self.hint_comes(number)
        self._recover()

    @rule(call=st.sampled_from(HANDING_OVER), command=st.sampled_from(COMMANDS), after=st.booleans())
    def a_person_asks_while_a_name_changes_hands(self, call: tuple[str, str], command: Command, after: bool):
        """A newer drop is about to take over from what serves, if anything does."""
        dropped = self.world.drop(NAMES[0], GOOD + example(100 + len(runs_of(self.world))).encode())
        self._event(dropped)
        self.deployments_answer_as(Trouble(error=ERRORS[0]))
        self.world.tick(5)
        self.deployments_answer_as(Trouble())
        for number, run in enumerate(runs_of(self.world)):
            if run.state is State.VERIFYING:
                self._meanwhile(call, partial(self.person_asks, command, number), after)
                self.hint_comes(number)

    @rule(command=st.sampled_from(COMMANDS), number=st.integers(0, 3))
    def person_asks(self, command: Command, number: int):
        with suppress(NotNow, TuneDropError):
            self.world.commands.give(command, self._run(number), "ann")

    @rule(status=st.sampled_from((*ENDS, "Running", "NotResponding", "Strange")), number=st.integers(0, 3))
    def job_becomes(self, status: str, number: int):
        run = self._found(number)
        if run and run.job in live_jobs(self.world):
            self.world.training.becomes(run, status)

    @rule(state=st.sampled_from(("succeeded", "failed")))
    def endpoints_come_out_as(self, state: str):
        self.world.endpoints.after_creating = Endpoint(state)

    @rule(trouble=st.sampled_from((Trouble(), Trouble("it says nothing"), Trouble(error=ERRORS[0]))))
    def deployments_answer_as(self, trouble: Trouble):
        self.world.answer = trouble

    @rule(number=st.integers(0, 3))
    def work_meets_a_fault_of_ours(self, number: int):
        run_id = self._run(number)
        self.world.datasets.fail_next("chunks", RuntimeError("a bug"))
        with suppress(TuneDropError):
            self.world.reconciler.park(run_id)
        self.world.datasets.recover()

    @invariant()
    def history_only_grows(self):
        for run_id, now in self.world.runs._history.items():
            before = self.seen.get(run_id, [])
            assert now[: len(before)] == before
            self.seen[run_id] = list(now)

    @invariant()
    def each_attempt_has_its_one_job_and_its_one_endpoint(self):
        for made, things in ((self.world.training.jobs, "job"), (self.world.endpoints.endpoints, "endpoint")):
            for run in runs_of(self.world):
                assert len([name for name in made if run.id in name]) <= run.attempt, things

    def teardown(self):
        self._calm_down()
        self._let_all_end()
        self.history_only_grows()
        assert_all_ended(self.world)
        assert_nothing_costs_that_does_not_serve(self.world)
        assert_what_serves_is_asked(self.world)
        assert_all_were_told(self.world, rather_twice=self.lost_answers)

    def _calm_down(self) -> None:
        self._recover()
        self.deployments_answer_as(Trouble())
        self.endpoints_come_out_as("succeeded")

    def _let_all_end(self) -> None:
        """Give every run time for its longest way to its end: one deadline after the other."""
        for _ in range(len(State)):
            self.world.tick(CALM_TICKS)
            if all(is_final(run.state) for run in runs_of(self.world)):
                break
            self.world.now += LONGER_THAN_ANY_LIMIT
        self.world.tick(CALM_TICKS)

    def _meanwhile(self, call: tuple[str, str], act: Callable[[], None], after: bool) -> None:
        fake, method = call
        getattr(self.world, fake).meanwhile(method, act, after=after)

    def _recover(self) -> None:
        for fake in {fake for fake, _ in CALLS}:
            getattr(self.world, fake).recover()

    def _event(self, dropped: Dropped) -> None:
        with suppress(TuneDropError):
            self.world.intake.receive(dropped)

    def _run(self, number: int) -> str:
        """Return the id of one of the runs, or of none."""
        run = self._found(number)
        return run.id if run else "r0"

    def _found(self, number: int) -> Run | None:
        runs = runs_of(self.world)
        return runs[number % len(runs)] if runs else None
