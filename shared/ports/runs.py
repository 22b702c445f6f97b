"""The run table and the queue of runs."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from shared.core.lifecycle import Decision
from shared.core.run import Moment, Notification, Run
from shared.core.run_listing import ALL_RUNS, RunFilter
from shared.ports.azure_ml import Job

# How long the claim to send a notification keeps others from sending it: longer than a card takes (15 s at most,
# an e-mail that goes out twice arrives once), and over when Event Grid comes the fourth time, after 100 s.
CLAIM_HOLDS = timedelta(minutes=1)
CROWD = 32  # messages that wait in a queue: as many as one look can show


@dataclass(frozen=True)
class StoredRun:
    """A run as read, with the version that guards the next save."""

    run: Run
    version: str


class Runs(Protocol):
    """The run table: one partition per run holds the run, its history, its outbox and what was sent.

    Every method raises ServiceUnavailable when the table does not answer.
    """

    def add(self, run: Run) -> bool:
        """Record a new run; False (and nothing changed) when a run with this id is already there."""
        ...

    def get(self, run_id: str) -> StoredRun:
        """Return the run; raises NotFound."""
        ...

    def save(self, decision: Decision, version: str) -> None:
        """Save run, history entry and outbox in one transaction; raises Conflict when `version` is outdated."""
        ...

    def note_job(self, run_id: str, job: "Job", version: str) -> None:
        """Record Azure ML's latest word on the job: status, metrics; raises Conflict if `version` is outdated."""
        ...

    def latest(self, limit: int, wanted: RunFilter = ALL_RUNS, after: Run | None = None) -> list[Run]:
        """Return those of the wanted runs that were created last, newest first; `after`: only older ones."""
        ...

    def history(self, run_id: str) -> list[Moment]:
        """Return what happened to the run, oldest first."""
        ...

    def open_ids(self) -> set[str]:
        """Return the ids of all runs with work to do or notifications to publish."""
        ...

    def known_ids(self) -> set[str]:
        """Return the ids of all runs ever recorded."""
        ...

    def outbox(self, run_id: str) -> list[Notification]:
        """Return the run's notifications that are not yet published."""
        ...

    def published(self, notification: Notification) -> None:
        """Take a notification out of the outbox; it may be gone already."""
        ...

    def claim(self, notification: Notification, now: datetime) -> bool:
        """Claim the sending of a notification; False when it was sent. Raises Conflict while another holds it."""
        ...

    def sent(self, notification: Notification) -> None:
        """Record that the claimed notification was sent."""
        ...

    def release(self, notification: Notification) -> None:
        """Give a claim back after a failed sending."""
        ...


class Queue(Protocol):
    """The queue of run ids that wait to be advanced."""

    def put(self, run_id: str) -> None:
        """Ask for the run to be advanced soon; asking twice is harmless."""
        ...

    def crowded(self) -> bool:
        """Tell whether many messages wait to be taken."""
        ...
