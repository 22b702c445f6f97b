"""What the endpoint looks up: model names, API keys, policies."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from shared.core.policy import Policy
from shared.errors import ServiceUnavailable

KEY_ID_DIGITS = 8  # hexadecimal; of its hash, so that it tells nothing of the key


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
    content_hash: str = ""
    previous: "Deployment | None" = None  # what served before: removed once this run serves, else pointed back at

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
        if current.previous:
            raise ServiceUnavailable("models", f"the endpoint that served {self.model!r} before is still there")
        return replace(self, previous=current)


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
        """Record that nothing of what served before is left to point back at."""
        ...

    def point_back(self, deployment: Deployment) -> None:
        """Let the name point at what served before, or at nothing; does nothing if it points elsewhere by now."""
        ...

    def note_asked(self, model: str, at: datetime) -> None:
        """Record when the model of this name was last asked."""
        ...

    def last_asked(self) -> dict[str, datetime]:
        """Return when each model was last asked, by name, as far as that was recorded; some serve no more."""
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
