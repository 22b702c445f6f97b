"""In-memory stand-ins for the ports; they pass the same contract tests as the gateways (tests/contract)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from shared.core.lifecycle import Decision, is_final
from shared.core.names import bare_etag
from shared.core.run import Channel, Moment, Notification, Run
from shared.errors import Conflict, NotFound
from shared.ports import (
    CLAIM_HOLDS,
    ApiKey,
    Deployment,
    Dropped,
    Endpoint,
    Job,
    StoredRun,
)

JOB_ENDS = frozenset({"Completed", "Failed", "Canceled"})


@dataclass(frozen=True)
class Fault:
    """The scripted failure of one coming call."""

    method: str
    error: Exception
    after: bool


class Faulty:
    """A fake that fails when told to, before or after the call took effect."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def fail_next(self, method: str, error: Exception, *, after: bool = False) -> None:
        """Let the next call of this method raise; told twice, the next two calls raise."""
        assert callable(getattr(self, method)), f"{type(self).__name__} has no method {method}"
        self._faults.append(Fault(method, error, after))

    @contextmanager
    def _call(self, method: str) -> Iterator[None]:
        fault = next((fault for fault in self._faults if fault.method == method), None)
        if fault is None:
            yield
            return
        self._faults.remove(fault)
        if not fault.after:
            raise fault.error
        yield
        raise fault.error


class FakeRuns(Faulty):
    """The run table in memory."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: dict[str, tuple[Run, int]] = {}
        self._history: dict[str, list[Moment]] = defaultdict(list)
        self._outbox: dict[str, Notification] = {}
        self._claims: dict[tuple[str, str, Channel], datetime | None] = {}  # None: sent

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
            self._replace(replace(run, job_status=job.status, metrics=job.metrics), version)

    def _replace(self, run: Run, version: str) -> None:
        _, current = self._rows.get(run.id, (None, 0))
        if str(current) != version:
            raise Conflict(f"runs: {run.id} was changed by somebody else")
        self._rows[run.id] = (run, current + 1)

    def latest(self, limit: int) -> list[Run]:
        with self._call("latest"):
            runs = sorted((run for run, _ in self._rows.values()), key=lambda run: run.created, reverse=True)
            return runs[:limit]

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

    def claim(self, run_id: str, state: str, channel: Channel, now: datetime) -> bool:
        with self._call("claim"):
            key = (run_id, state, channel)
            if key in self._claims:
                since = self._claims[key]
                if since is None:
                    return False
                if now - since < CLAIM_HOLDS:
                    raise Conflict(f"runs: {run_id} {state} {channel} is being sent by somebody else")
            self._claims[key] = now
            return True

    def sent(self, run_id: str, state: str, channel: Channel) -> None:
        with self._call("sent"):
            self._claims[run_id, state, channel] = None

    def release(self, run_id: str, state: str, channel: Channel) -> None:
        with self._call("release"):
            if self._claims.get((run_id, state, channel)) is not None:
                del self._claims[run_id, state, channel]


class FakeQueue(Faulty):
    """The queue in memory; `ids` are the run ids put so far, oldest first."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []

    def put(self, run_id: str) -> None:
        with self._call("put"):
            self.ids.append(run_id)


@dataclass(frozen=True)
class Blob:
    """One blob of the fake: what it holds and how it is described."""

    content: bytes
    dropped: Dropped


class FakeDatasets(Faulty):
    """The containers in memory; `drop` uploads a dataset, `written` shows the reports by path."""

    def __init__(self, account: str = "https://st.blob.core.windows.net", piece: int = 64 * 1024) -> None:
        super().__init__()
        self.written: dict[str, tuple[bytes, str]] = {}
        self._account, self._piece, self._count = account, piece, 0
        self._blobs: dict[str, Blob] = {}

    def drop(self, path: str, content: bytes, modified: datetime | None = None) -> Dropped:
        """Upload a blob, replacing what is there; return how it is described."""
        self._count += 1
        url = f"{self._account}/datasets/{path}"
        when = modified or datetime.now(UTC)
        dropped = Dropped(path, f"0x8DC{self._count:012X}", url, when, len(content))
        self._blobs[path] = Blob(content, dropped)
        return dropped

    def dropped(self) -> Iterator[Dropped]:
        with self._call("dropped"):
            for path in sorted(self._blobs):
                if path.endswith(".jsonl") and not path.endswith(".validation.jsonl"):
                    yield self._blobs[path].dropped

    def chunks(self, path: str, etag: str | None = None) -> Iterator[bytes]:
        with self._call("chunks"):
            blob = self._blobs.get(path)
            if blob is None:
                raise NotFound("blob storage", f"there is no blob {path}")
            if etag is not None and bare_etag(etag) != blob.dropped.etag:
                raise NotFound("blob storage", f"{path} was overwritten", code="Changed")
            for start in range(0, len(blob.content), self._piece):
                if self._blobs.get(path) is not blob:
                    raise NotFound("blob storage", f"{path} was replaced", code="Changed")
                yield blob.content[start : start + self._piece]

    def find(self, path: str) -> Dropped | None:
        with self._call("find"):
            return self._blobs[path].dropped if path in self._blobs else None

    def write(self, path: str, pieces: Iterable[bytes], content_type: str) -> None:
        with self._call("write"):
            self.written[path] = (b"".join(pieces), content_type)


class FakeTraining(Faulty):
    """Azure ML's jobs in memory, by job name; `created` counts how many were really made."""

    def __init__(self) -> None:
        super().__init__()
        self.jobs: dict[str, Job] = {}
        self.created = 0

    def submit(self, run: Run) -> None:
        with self._call("submit"):
            if run.job not in self.jobs:
                self.created += 1
                self.jobs[run.job] = Job("NotStarted")

    def job(self, run: Run) -> Job:
        with self._call("job"):
            if run.job not in self.jobs:
                raise NotFound("azure ml", f"there is no job {run.job}")
            return self.jobs[run.job]

    def cancel(self, run: Run) -> bool:
        with self._call("cancel"):
            job = self.jobs.get(run.job)
            if job is None or job.status in JOB_ENDS:
                return True
            self.jobs[run.job] = Job("Canceled" if job.status == "CancelRequested" else "CancelRequested")
            return False

    def becomes(self, run: Run, status: str, reason: str = "") -> None:
        """Let the run's job have this status from now on."""
        self.jobs[run.job] = Job(status, reason)


class FakeEndpoints(Faulty):
    """Azure ML's serverless endpoints in memory, by name; `created` counts how many were really made."""

    def __init__(self) -> None:
        super().__init__()
        self.endpoints: dict[str, Endpoint] = {}
        self.created = 0
        self.after_creating = Endpoint("succeeded")  # what a second look finds; the URL is filled in

    def create(self, run: Run) -> Endpoint:
        with self._call("create"):
            if run.endpoint not in self.endpoints:
                self.created += 1
                self.endpoints[run.endpoint] = Endpoint("creating")
            elif self.endpoints[run.endpoint].state == "creating":
                url = f"https://{run.endpoint}.eastus2.models.ai.azure.com"
                ready = self.after_creating.state == "succeeded"
                self.endpoints[run.endpoint] = replace(self.after_creating, url=url if ready else "")
            return self.endpoints[run.endpoint]

    def delete(self, endpoint: str) -> bool:
        with self._call("delete"):
            found = self.endpoints.get(endpoint)
            if found is None:
                return True
            if found.state == "deleting":
                del self.endpoints[endpoint]
                return True
            self.endpoints[endpoint] = Endpoint("deleting")
            return False


class FakeModels(Faulty):
    """The table of model names in memory."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: dict[str, Deployment] = {}

    def find(self, model: str) -> Deployment | None:
        with self._call("find"):
            return self._rows.get(model)

    def all(self) -> list[Deployment]:
        with self._call("all"):
            return [self._rows[model] for model in sorted(self._rows)]

    def point(self, deployment: Deployment) -> Deployment:
        with self._call("point"):
            self._rows[deployment.model] = deployment.taking_over(self._rows.get(deployment.model))
            return self._rows[deployment.model]

    def forget_previous(self, deployment: Deployment) -> None:
        with self._call("forget_previous"):
            current = self._rows.get(deployment.model)
            if current and current.previous_endpoint == deployment.previous_endpoint:
                self._rows[deployment.model] = replace(current, previous_endpoint="")


class FakeKeys(Faulty):
    """The table of API keys in memory."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: dict[str, ApiKey] = {}

    def find(self, key_hash: str) -> ApiKey | None:
        with self._call("find"):
            return self._rows.get(key_hash)

    def add(self, key: ApiKey) -> None:
        with self._call("add"):
            self._rows[key.hash] = key


class FakeTopic(Faulty):
    """The custom topic in memory; `published` holds every notification, repeated ones too."""

    def __init__(self) -> None:
        super().__init__()
        self.published: list[Notification] = []

    def publish(self, notifications: Sequence[Notification]) -> None:
        with self._call("publish"):
            self.published.extend(notifications)


class FakeMessenger(Faulty):
    """A channel in memory; `sent` holds every notification, repeated ones too."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Notification] = []

    def send(self, notification: Notification) -> None:
        with self._call("send"):
            self.sent.append(notification)
