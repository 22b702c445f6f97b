"""A managed online endpoint with its deployments, and what the scoring stand-in asks of it."""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from localcloud.azure_ml.online_serving import OnlineServer


Key = tuple[str, str]  # name and version of an asset


def new_online_key() -> str:
    """Return a key as online endpoints have them."""
    return secrets.token_urlsafe(32)


@dataclass
class Provisioned:
    """What takes time to come and to go."""

    provisioning: str = "Creating"  # Creating, Updating, Succeeded, Failed, Deleting
    outcome_seen: bool = False  # by a reader: what was shown once is not taken back
    error: tuple[str, str] | None = None  # code and message of what failed
    operation: str = ""  # the address where the operation that made it is read

    @property
    def busy(self) -> bool:
        """Tell whether something is under way that nothing else may disturb."""
        return self.provisioning in ("Creating", "Updating", "Deleting")

    def read(self, *, slow: bool) -> str:
        """Return the provisioning state that a reader sees: still Creating when the read is slow."""
        if slow and not self.outcome_seen and self.provisioning in ("Succeeded", "Failed"):
            return "Creating"
        self.outcome_seen = self.provisioning != "Creating"
        return self.provisioning

    def progress(self) -> str:
        """Return how far the operation is that made it."""
        if self.provisioning in ("Creating", "Updating"):
            return "InProgress"
        return "Succeeded" if self.provisioning == "Succeeded" else "Failed"


@dataclass(frozen=True)
class Parts:
    """What a deployment is made of; without code the environment brings its own server."""

    model: Key
    environment: Key
    code: Key | None
    script: str


@dataclass(kw_only=True)
class OnlineDeployment(Provisioned):
    """One deployment: a model behind a scoring script, on a machine of its own."""

    name: str
    body: dict[str, Any]
    parts: Parts
    folder: Path
    server: "OnlineServer | None" = None
    echoes: bool = False  # the model was not really trained: what is asked is repeated, without a server
    created: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(kw_only=True)
class OnlineEndpoint(Provisioned):
    """An online endpoint: a name, keys, deployments, and which of them gets the traffic."""

    name: str
    body: dict[str, Any] = field(default_factory=dict)
    traffic: dict[str, int] = field(default_factory=dict)  # deployment -> percent
    primary_key: str = field(default_factory=new_online_key)
    secondary_key: str = field(default_factory=new_online_key)
    deployments: dict[str, OnlineDeployment] = field(default_factory=dict)
    created: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def serving(self) -> OnlineDeployment | None:
        """Return the deployment that gets all traffic, once it is there."""
        name = next((name for name, percent in self.traffic.items() if percent == 100), None)
        found = self.deployments.get(name) if name else None
        return found if found is not None and found.provisioning in ("Succeeded", "Updating") else None

    @property
    def state(self) -> str:
        """Return Succeeded where a prompt would be answered, else how far the endpoint is."""
        if self.provisioning not in ("Succeeded", "Updating"):
            return self.provisioning
        return "Succeeded" if self.serving is not None else "NoDeployment"

    @property
    def server(self) -> "OnlineServer | None":
        """Return the server that answers; None where nothing serves, or what serves only echoes."""
        return self.serving.server if self.serving is not None else None

    @property
    def echoes(self) -> bool:
        """Tell whether prompts are answered by repeating them."""
        return self.serving is not None and self.serving.echoes

    def serves(self, model: Key) -> bool:
        """Tell whether one of the deployments, also one that is just coming or going, uses the model."""
        return any(deployment.parts.model == model for deployment in self.deployments.values())
