"""What the use cases need of the world, as Protocols; the gateways and the tests' fakes provide it."""

from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from shared.core.lifecycle import Decision
from shared.core.messages import Background, ReportPlace
from shared.core.policy import Policy
from shared.core.run import Moment, Notification, Run
from shared.errors import ServiceUnavailable

CLAIM_HOLDS = timedelta(minutes=2)  # how long the claim to send a notification keeps others from sending it
CROWD = 32  # messages that wait in a queue: as many as one look can show
KEY_ID_DIGITS = 8  # hexadecimal; of its hash, so that it tells nothing of the key


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

    def latest(self, limit: int) -> list[Run]:
        """Return the runs created last, newest first."""
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


@dataclass(frozen=True)
class Dropped:
    """One version of one blob in the container `datasets`."""

    path: str
    etag: str
    url: str
    modified: datetime
    size: int = 0


class Datasets(Protocol):
    """The containers `datasets` (read; reports are laid beside the data) and `reports` (written)."""

    def dropped(self) -> Iterator[Dropped]:
        """Yield every `.jsonl` that is there now, validation and held-out files left out."""
        ...

    def chunks(self, path: str, etag: str | None = None) -> Iterator[bytes]:
        """Yield the blob's bytes piece by piece; raises NotFound, also when its ETag changed (code "Changed")."""
        ...

    def read(self, path: str) -> bytes | None:
        """Return what was written into `reports` at this path, or None."""
        ...

    def find(self, path: str) -> Dropped | None:
        """Return the blob that is at this path now, or None."""
        ...

    def write(self, path: str, pieces: Iterable[bytes], content_type: str) -> None:
        """Write a blob into `reports`, replacing it; nothing half-written is ever visible."""
        ...

    def write_beside(self, dataset: str, suffix: str, content: bytes, content_type: str) -> None:
        """Write a blob into `datasets` beside a dataset: its name with `suffix` (".report.json") for ".jsonl".

        Raises ValueError where the new name would be a dataset's: what we write must never start a run.
        """
        ...


@dataclass(frozen=True)
class DeadLetter:
    """An event that Event Grid gave up delivering, and why; all empty where the blob is no event."""

    name: str
    event_type: str
    subject: str
    reason: str


class DeadLetters(Protocol):
    """The container `deadletters`."""

    def since(self, moment: datetime) -> list[DeadLetter]:
        """Return the letters written after a moment."""
        ...

    def count(self) -> int:
        """Return how many letters there are, a thousand at most."""
        ...

    def remove(self, letter: DeadLetter) -> None:
        """Remove a letter; it may be gone already."""
        ...


@dataclass(frozen=True)
class Job:
    """Azure ML's job: status in Azure's spelling, why it failed, and the latest value of each MLflow metric."""

    status: str
    reason: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)


class Training(Protocol):
    """Azure ML's fine-tuning jobs."""

    def submit(self, run: Run) -> None:
        """Create the run's job, or find it there; raises ServiceRefused when Azure ML will not have it."""
        ...

    def job(self, run: Run) -> Job:
        """Return the run's job; raises NotFound."""
        ...

    def cancel(self, run: Run) -> bool:
        """Ask for the job's end; True once it has ended or was never there."""
        ...

    def archive(self, run: Run) -> None:
        """Take the job's model out of the lists, if there is one; ServiceRefused while an endpoint serves it."""
        ...


@dataclass(frozen=True)
class Endpoint:
    """A serverless endpoint: provisioning state in lower case (`succeeded`), where it answers, why it failed."""

    state: str
    url: str = ""
    reason: str = ""


class Endpoints(Protocol):
    """Azure ML's serverless endpoints."""

    def create(self, run: Run) -> Endpoint:
        """Create the run's endpoint, or find it there; raises ServiceRefused when Azure ML will not have it."""
        ...

    def delete(self, endpoint: str) -> bool:
        """Ask for the endpoint's end; True once it is gone or was never there."""
        ...


@dataclass(frozen=True)
class Deployment:
    """What a model's name points at now."""

    model: str
    run_id: str
    endpoint: str
    url: str
    base_model: str
    created: datetime  # when it began to serve
    dataset_created: datetime  # when its dataset was dropped: the newest drop wins
    previous_endpoint: str = ""  # the deployment served before, to be removed
    content_hash: str = ""

    def taking_over(self, current: "Deployment | None") -> "Deployment":
        """Return what the name points at once this deployment asked for it: itself, or `current` of a newer drop.

        Raises ServiceUnavailable while the endpoint before `current` is not removed: it would be forgotten, and
        go on costing money.
        """
        if current is None:
            return self
        # Blob storage tells times to the second; the run's id decides between equal ones, the same way each time.
        if (current.dataset_created, current.run_id) >= (self.dataset_created, self.run_id):
            return current
        if current.previous_endpoint:
            raise ServiceUnavailable("models", f"the endpoint that served {self.model!r} before is still there")
        return replace(self, previous_endpoint=current.endpoint)


class Models(Protocol):
    """The table of model names and the deployments they point at."""

    def find(self, model: str) -> Deployment | None:
        """Return what the name points at, or None."""
        ...

    def all(self) -> list[Deployment]:
        """Return every served model."""
        ...

    def point(self, deployment: Deployment) -> Deployment:
        """Let the name point at the deployment, unless it points at a newer drop; return what it points at now."""
        ...

    def forget_previous(self, deployment: Deployment) -> None:
        """Record that the deployment served before is removed."""
        ...

    def free(self, deployment: Deployment) -> None:
        """Let the name point at nothing, if it points at this run's deployment still."""
        ...


@dataclass(frozen=True)
class ApiKey:
    """A key's rights; the key itself is known to its bearer only."""

    hash: str
    owner: str
    created: datetime
    expires: datetime | None = None
    models: frozenset[str] = frozenset()  # empty: every model
    scopes: frozenset[str] = frozenset({"chat", "runs"})
    requests_per_minute: int | None = None  # None: no limit of its own
    tokens_per_minute: int | None = None
    last_used: datetime | None = None

    @property
    def id(self) -> str:
        """What names the key to people: the first digits of its hash."""
        return self.hash[:KEY_ID_DIGITS]


class Keys(Protocol):
    """The table of API keys, by the SHA-256 of the key."""

    def find(self, key_hash: str) -> ApiKey | None:
        """Return the key's rights, or None."""
        ...

    def add(self, key: ApiKey) -> None:
        """Record a key, replacing the rights of one with the same hash."""
        ...

    def all(self) -> list[ApiKey]:
        """Return every key, the oldest first."""
        ...

    def revoke(self, key_id: str) -> bool:
        """Remove the key with this id; False when there is none."""
        ...

    def note_use(self, key_hash: str, at: datetime) -> None:
        """Record when the key was last used; does nothing to a key that was revoked meanwhile."""
        ...


class Policies(Protocol):
    """The table of policies, by the model's name. A policy that cannot be understood is ServiceUnavailable."""

    def find(self, model: str) -> Policy | None:
        """Return the model's own policy, or None where the default holds."""
        ...

    def all(self) -> dict[str, Policy]:
        """Return every model's own policy, by name."""
        ...

    def put(self, model: str, policy: Policy) -> None:
        """Give the model a policy of its own, in place of any it has."""
        ...

    def remove(self, model: str) -> bool:
        """Let the default hold again; False when it did already."""
        ...


class Topic(Protocol):
    """The Event Grid custom topic."""

    def publish(self, notifications: Sequence[Notification]) -> None:
        """Publish; an event's id is the notification's, so a repeated one can be told."""
        ...


class Messenger(Protocol):
    """One channel's way out: Teams or e-mail."""

    def send(self, notification: Notification, background: Background) -> None:
        """Send the notification; raises ServiceUnavailable or ServiceRefused."""
        ...


class Reports(Protocol):
    """Where people can read the report of a dataset check."""

    def place_of(self, run_id: str, now: datetime) -> ReportPlace | None:
        """Return where the run's report lies, with a link where there can be one; None: there is no report.

        Raises ServiceUnavailable or ServiceRefused.
        """
        ...


@dataclass(frozen=True)
class Analysis:
    """What Content Safety says of one text: severity 0-7 by category, and blocklists that matched."""

    severities: Mapping[str, int] = field(default_factory=dict)
    blocklists: tuple[str, ...] = ()


@dataclass(frozen=True)
class Attacks:
    """Whether the user's prompt attacks the model, and whether a document does; None where there was none."""

    prompt: bool
    documents: bool | None = None


class Safety(Protocol):
    """Azure AI Content Safety, the hot path. Raises ServiceUnavailable on anything but a verdict."""

    async def analyze(self, text: str, blocklists: Sequence[str] = ()) -> Analysis:
        """Return the severities of a text of at most 10,000 code points, and which of these blocklists match."""
        ...

    async def attacks(self, prompt: str, documents: Sequence[str]) -> Attacks:
        """Return where Prompt Shields see an attack: in the user's prompt, or in a document (10,000 each way)."""
        ...

    async def protected(self, text: str) -> bool:
        """Tell whether a completion of 110 to 10,000 code points is protected material: somebody else's text."""
        ...


class ChatModel(Protocol):
    """A deployment's chat completions. Raises ServiceUnavailable, or ServiceRefused with its status and code."""

    async def complete(self, deployment: Deployment, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the chat completion."""
        ...

    def stream(self, deployment: Deployment, request: Mapping[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the chunks of a streamed chat completion as they come; closing the iterator cancels it."""
        ...
