"""A managed online endpoint with its deployments, and what the scoring stand-in asks of it."""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from localcloud.azure_ml.online_serving import OnlineServer


def new_online_key() -> str:
    """Return a key as online endpoints have them."""
    return secrets.token_urlsafe(32)


@dataclass
class OnlineDeployment:
    """One deployment: a model behind a scoring script, on a machine of its own."""

    name: str
    body: dict[str, Any]
    model: tuple[str, str]  # name and version
    folder: Path
    provisioning: str = "Creating"  # Creating, Updating, Succeeded, Failed, Deleting
    server: "OnlineServer | None" = None
    echoes: bool = False  # the model was not really trained: what is asked is repeated, without a server
    error: tuple[str, str] | None = None  # code and message of what failed
    created: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass
class OnlineEndpoint:
    """An online endpoint: a name, keys, deployments, and which of them gets the traffic."""

    name: str
    tags: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    description: str | None = None
    traffic: dict[str, int] = field(default_factory=dict)  # deployment -> percent
    primary_key: str = field(default_factory=new_online_key)
    secondary_key: str = field(default_factory=new_online_key)
    provisioning: str = "Creating"
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

    def serves(self, model: tuple[str, str]) -> bool:
        """Tell whether one of the deployments, also one that is just coming or going, uses the model."""
        return any(deployment.model == model for deployment in self.deployments.values())
