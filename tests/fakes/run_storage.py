"""The run table and the queue, in memory."""

from collections import defaultdict
from dataclasses import replace
from datetime import datetime

from shared.core.lifecycle import Decision, is_final
from shared.core.run import Moment, Notification, Run
from shared.core.run_listing import ALL_RUNS, RunFilter
from shared.errors import Conflict, NotFound
from shared.ports import CLAIM_HOLDS, CROWD, Job, StoredRun
from tests.fakes.faulty import Faulty


class FakeRuns(Faulty):
    """The run table in memory."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: dict[str, tuple[Run, int]] = {}
        self._history: dict[str, list[Moment]] = defaultdict(list)
        self._outbox: dict[str, Notification] = {}
        self._claims: dict[str, datetime | None] = {}  # None: sent

    def add(self, run: Run) -> bool:
        with self._call("add"):
            if run.id in self._rows:
                return False
            self._rows[run.id] = (run, 1)
            self._history[run.id].append(Moment(run.since, run.state, run.reasons))
            return True

    def get(self, run_id: str) -> StoredRun:
        with self._call("get"):
            if run_id not in self._rows:
                raise NotFound("runs", f"there is no run {run_id}")
            run, version = self._rows[run_id]
            return StoredRun(run, str(version))

    def save(self, decision: Decision, version: str) -> None:
        with self._call("save"):
            self._replace(decision.run, version)
            self._history[decision.run.id].append(
                Moment(decision.run.since, decision.run.state, decision.run.reasons)
            )
            self._outbox |= {notification.id: notification for notification in decision.notifications}

    def note_job(self, run_id: str, job: Job, version: str) -> None:
        with self._call("note_job"):
            if run_id not in self._rows:
                raise NotFound("runs", f"there is no run {run_id}")
            run = self._rows[run_id][0]
            noted = replace(run, job_status=job.status, metrics=job.metrics, missing_since=job.missing_since)
            self._replace(noted, version)

    def _replace(self, run: Run, version: str) -> None:
        _, current = self._rows.get(run.id, (None, 0))
        if str(current) != version:
            raise Conflict(f"runs: {run.id} was changed by somebody else")
        self._rows[run.id] = (run, current + 1)

    def latest(self, limit: int, wanted: RunFilter = ALL_RUNS, after: Run | None = None) -> list[Run]:
        with self._call("latest"):
            runs = [run for run, _ in self._rows.values() if wanted.takes(run)]
            older = [run for run in runs if after is None or (run.created, run.id) < (after.created, after.id)]
            return sorted(older, key=lambda run: (run.created, run.id), reverse=True)[:limit]

    def history(self, run_id: str) -> list[Moment]:
        with self._call("history"):
            return list(self._history.get(run_id, []))

    def open_ids(self) -> set[str]:
        with self._call("open_ids"):
            waiting = {notification.run.id for notification in self._outbox.values()}
            return waiting | {run.id for run, _ in self._rows.values() if not is_final(run.state)}

    def known_ids(self) -> set[str]:
        with self._call("known_ids"):
            return set(self._rows)

    def outbox(self, run_id: str) -> list[Notification]:
        with self._call("outbox"):
            return [notification for notification in self._outbox.values() if notification.run.id == run_id]

    def published(self, notification: Notification) -> None:
        with self._call("published"):
            self._outbox.pop(notification.id, None)

    def claim(self, notification: Notification, now: datetime) -> bool:
        with self._call("claim"):
            key = notification.id
            if key in self._claims:
                since = self._claims[key]
                if since is None:
                    return False
                if now - since < CLAIM_HOLDS:
                    raise Conflict(f"runs: {notification.key} is being sent by somebody else")
            self._claims[key] = now
            return True

    def sent(self, notification: Notification) -> None:
        with self._call("sent"):
            self._claims[notification.id] = None

    def release(self, notification: Notification) -> None:
        with self._call("release"):
            if self._claims.get(notification.id) is not None:
                del self._claims[notification.id]


class FakeQueue(Faulty):
    """The queue in memory; `ids` are the run ids put so far, oldest first."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []

    def put(self, run_id: str) -> None:
        with self._call("put"):
            self.ids.append(run_id)

    def crowded(self) -> bool:
        with self._call("crowded"):
            return len(self.ids) >= CROWD
