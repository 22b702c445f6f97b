"""A workspace's REST resources in memory, as Azure Resource Manager shows them; calls can fail before or after."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from azure.core.credentials import AccessToken

from shared.errors import NotFound, ServiceRefused, TuneDropError
from shared.gateways.arm import Arm

CODE = Path(__file__).parent / "code"  # what stands for scorer/ and trainer/
UAI = "/subscriptions/sub/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/gpu"
SUCCEEDED = "Succeeded"


class Nobody:
    """A credential that nothing here asks for a token."""

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        raise AssertionError("a token was asked for")


@dataclass
class RestWorkspace(Arm):
    """Resources by path. Endpoints and deployments come into being over two looks, as on Azure."""

    identities: dict[str, Any] = field(default_factory=lambda: {UAI: {"principalId": "p", "clientId": "c"}})
    resources: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    failing: dict[tuple[str, str], list[TuneDropError]] = field(default_factory=dict)  # before it takes effect
    losing: dict[tuple[str, str], list[TuneDropError]] = field(default_factory=dict)  # after it took effect
    deployments_end_as: str = SUCCEEDED
    told: dict[str, dict[str, Any]] = field(default_factory=dict)  # what other URLs answer
    workspace_path = "/workspaces/ws"

    @property
    def workspace(self) -> dict[str, Any]:  # type: ignore[override]
        return {
            "location": "eastus2",
            "identity": {"type": "SystemAssigned,UserAssigned", "userAssignedIdentities": self.identities},
            "properties": {"workspaceId": "guid"},
        }

    def get(self, url: str) -> dict[str, Any]:
        path = url.partition("?")[0]
        if path == self.workspace_path:
            return self.workspace
        if path not in self.told:
            raise NotFound("azure ml", f"nothing at {path}")
        return self.told[path]

    def find(self, path: str) -> dict[str, Any] | None:
        with self._call("GET", path):
            found = self.resources.get(path)
        if found is None:
            return None
        shown = {**found, "properties": dict(found["properties"])}
        self._goes_on(path, found["properties"])
        return shown

    def put(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        with self._call("PUT", path):
            parent, deployment, _name = path.partition("/deployments/")
            if deployment and parent not in self.resources:
                raise NotFound("azure ml", "no endpoint")
            state = "Updating" if path in self.resources else "Creating"
            grown = {"provisioningState": state} if "Endpoints" in path else {}
            if path.startswith("onlineEndpoints") and not deployment:
                grown["scoringUri"] = f"https://{path.split('/')[1]}.eastus2.inference.ml.azure.com/score"
            kept = {"properties": {**body["properties"], **grown}}
            self.resources[path] = {**body, **kept}
        return {**body, **kept}

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        with self._call("POST", path):
            return self.told[path]

    def delete(self, path: str) -> None:
        with self._call("DELETE", path):
            self.resources[path]["properties"]["provisioningState"] = "Deleting"

    def _goes_on(self, path: str, properties: dict[str, Any]) -> None:
        """Let what is under way end before the next look."""
        match properties.get("provisioningState"):
            case "Creating" if "/deployments/" in path:
                properties["provisioningState"] = self.deployments_end_as
            case "Creating" | "Updating":
                properties["provisioningState"] = SUCCEEDED
            case "Deleting":
                for each in [one for one in self.resources if one.startswith(path)]:
                    del self.resources[each]

    @contextmanager
    def _call(self, method: str, path: str) -> Iterator[None]:
        self.asked.append((method, path))
        if errors := self.failing.get((method, path)):
            raise errors.pop(0)
        if path not in self.told and method == "POST":
            raise ServiceRefused("azure ml", "no log", 400)
        yield
        if errors := self.losing.get((method, path)):
            raise errors.pop(0)

    def count(self, method: str, path: str) -> int:
        """Return how often this was asked."""
        return self.asked.count((method, path))
