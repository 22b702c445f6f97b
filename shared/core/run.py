"""What we record of one dataset on its way to a served model."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from shared.core import names
from shared.core.base_models import Route


class State(StrEnum):
    """Where a run stands; see LIFECYCLE for what happens in each."""

    RECEIVED = "received"
    SUBMITTING = "submitting"
    TRAINING = "training"
    ABANDONING = "abandoning"
    DEPLOYING = "deploying"
    VERIFYING = "verifying"
    SERVING = "serving"
    REJECTED = "rejected"
    FAILED = "failed"
    CANCELED = "canceled"
    CANCELING = "canceling"
    DELETING = "deleting"
    DELETED = "deleted"


@dataclass(frozen=True)
class Checked:
    """What the dataset check found out about a dataset; token counts and costs are estimates."""

    base_model: str = ""
    route: str = Route.SERVERLESS.value  # of training and serving, for the whole life of the run
    training_examples: int = 0
    validation_examples: int = 0
    tokens: int = 0
    content_hash: str = ""  # tells the same drop again: all files, and what training is asked for
    hyperparameters: dict[str, str] = field(default_factory=dict)  # by Azure's names, as strings (its REST type)
    system_message: str = ""  # the first one in the dataset; the verification asks with it
    owner: str = ""
    notify: str = ""  # e-mail addresses, separated by commas
    trained_tokens: int = 0  # of all epochs together
    training_cost: float | None = None  # None: the app knows no price
    hosting_per_day: float | None = None
    currency: str = ""


@dataclass(frozen=True)
class Run:
    """One version (ETag) of one dropped dataset, and how far it came."""

    id: str
    model: str  # the name that clients put into "model"
    dataset: str  # the blob's path inside the container, "support.jsonl"
    etag: str
    created: datetime
    state: State
    since: datetime  # when it entered the state
    reasons: tuple[str, ...] = ()  # why it is in this state, where that needs saying
    checked: Checked = Checked()
    job_status: str = ""  # Azure ML's latest word, shown to people; decides nothing
    missing_since: datetime | None = None  # since when Azure ML does not know the job, while it does not
    metrics: Mapping[str, float] = field(default_factory=dict)  # latest value of each; by MLflow's names
    endpoint_url: str = ""
    attempt: int = 1  # counts on whenever people have it tried again or deleted
    job_attempt: int = 1  # the attempt that the job is of: a retry that only deploys keeps the job
    stopped_in: State | None = None  # the state in which it failed or was canceled: a retry goes on there

    @property
    def job(self) -> str:
        """Name of the Azure ML job."""
        return names.job_name(self.id, self.job_attempt)

    @property
    def asset(self) -> str:
        """Name of the fine-tuned model that the job registers."""
        return names.asset_name(self.id, self.job_attempt)

    @property
    def endpoint(self) -> str:
        """Name of the endpoint; it tells the route."""
        managed = self.checked.route == Route.MANAGED
        return (names.online_endpoint_name if managed else names.endpoint_name)(self.id, self.attempt)


@dataclass(frozen=True)
class Moment:
    """One entry of a run's history: when it entered which state, and why."""

    at: datetime
    state: str
    reasons: tuple[str, ...]


class Channel(StrEnum):
    """How people are told."""

    TEAMS = "teams"
    EMAIL = "email"


@dataclass(frozen=True)
class Idle:
    """That nobody asks a model that serves."""

    since: datetime  # when it was last asked, or began to serve
    told: datetime  # a day tells it once

    @property
    def days(self) -> int:
        """Whole days without a request."""
        return (self.told - self.since).days


@dataclass(frozen=True)
class Notification:
    """One message to one channel: the run as it was when it entered a state, or that it is idle."""

    run: Run
    channel: Channel
    idle: Idle | None = None

    @property
    def news(self) -> str:
        """What it tells of the run, in a word that no other news of the run has."""
        if self.idle:
            return f"idle-{self.idle.told.date().isoformat()}"
        return f"{self.run.state}-{self.run.attempt}"

    @property
    def key(self) -> str:
        """Tells it from the run's other notifications."""
        return f"{self.news}-{self.channel}"

    @property
    def id(self) -> str:
        """Deterministic: however often it is published, Event Grid and we see one event."""
        return names.event_id(self.run.id, self.key)
