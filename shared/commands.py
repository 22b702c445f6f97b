"""What people ask of a run: cancel it, try it again, delete what it made. Asking twice is asking once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt

from shared.core.events import CancelAsked, DeleteAsked, Event, RetryAsked
from shared.core.lifecycle import CLEANING, decide, is_final
from shared.core.run import Run, State
from shared.errors import Conflict, NotNow
from shared.ports import Queue, Runs

TRIES = 5  # of a command, while others change the run at the same moment


@dataclass(frozen=True)
class Command:
    """One thing that people ask for; the word for it in the run's history; what to say where it cannot be."""

    event: type[Event]
    word: str
    refusal: str
    under_way: Callable[[Run], bool]  # tells whether the run does it already


def _goes_on(run: Run) -> bool:
    """Tell whether the run goes on after a retry; a clean-up leads elsewhere, unless a deletion is tried again."""
    elsewhere = run.state in CLEANING and run.state is not run.stopped_in
    return run.attempt > 1 and not is_final(run.state) and not elsewhere


CANCEL = Command(
    CancelAsked,
    "canceled",
    "only a run on its way to serving can be canceled; a deletion removes what it made",
    lambda run: run.state in (State.CANCELING, State.CANCELED),
)
RETRY = Command(
    RetryAsked,
    "tried again",
    "only a failed, canceled or rejected run can be tried again",
    _goes_on,
)
DELETE = Command(
    DeleteAsked,
    "deleted",
    "it is under way; cancel it first",
    lambda run: run.state in (State.DELETING, State.DELETED),
)


class Commands:
    """Gives people's commands to runs; who asked stands in the run's history."""

    def __init__(self, runs: Runs, queue: Queue, clock: Callable[[], datetime]) -> None:
        self._runs, self._queue, self._clock = runs, queue, clock

    def give(self, command: Command, run_id: str, by: str) -> Run:
        """Return the run as it is once it was told; raises NotFound, NotNow where its state does not allow it.

        Raises Conflict or ServiceUnavailable when the run table does not let us; asking again is safe.
        """
        patient = Retrying(retry=retry_if_exception_type(Conflict), stop=stop_after_attempt(TRIES), reraise=True)
        run = patient(self._tell, command, run_id, by)
        self._queue.put(run_id)  # also for one that has ended: its news waits to be published
        return run

    def _tell(self, command: Command, run_id: str, by: str) -> Run:
        stored = self._runs.get(run_id)
        decision = decide(stored.run, command.event((f"{command.word} by {by}",)), self._clock())
        if decision is None:
            if command.under_way(stored.run):
                return stored.run
            raise NotNow(f"The run {run_id} is {stored.run.state}: {command.refusal}.")
        self._runs.save(decision, stored.version)
        return decision.run
