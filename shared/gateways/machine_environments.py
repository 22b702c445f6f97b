"""What Azure ML's machines run our code in: images, packages, and the identity with which they reach files."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from shared.errors import ServiceRefused
from shared.gateways.arm import API_VERSION, Arm
from shared.gateways.code_folder import HASH_LENGTH, CodeFolder
from shared.ports import PREFLIGHT

SERVICE = "azure ml"
# Ubuntu with CUDA's runtime, onto which Azure ML installs a conda file; a tag that Microsoft's own images of
# 2026-09 are built on (azureml-assets). torch brings the CUDA libraries that it was built with.
IMAGE = "mcr.microsoft.com/azureml/openmpi5.0-cuda12.4-ubuntu22.04:20260901.v1"
VLLM_PORT = 8000
VLLM_ROUTE = "/v1/chat/completions"


@dataclass(frozen=True)
class MachineIdentity:
    """The user-assigned identity of the workspace: resource id and client id."""

    id: str
    client_id: str


class MachineEnvironments:
    """Environments, by names that derive from what is in them: created once, and found from then on."""

    def __init__(self, arm: Arm, code: CodeFolder) -> None:
        self._arm, self._code = arm, code

    def training(self) -> str:
        """Return the id of the environment of training."""
        return self._created("tunedrop-training", self._with_packages("trainer/environment.yaml"))

    def serving(self) -> str:
        """Return the id of the environment of our scoring script."""
        return self._created("tunedrop-serving", self._with_packages("scorer/environment.yaml"))

    def vllm(self) -> str:
        """Return the id of the environment of vLLM: an image that Azure ML builds, and its server's routes."""
        self._code.asset()  # it is built from that folder
        health = {"path": "/health", "port": VLLM_PORT}
        routes = {
            "livenessRoute": health,
            "readinessRoute": health,
            "scoringRoute": {"path": VLLM_ROUTE, "port": VLLM_PORT},
        }
        build = {"contextUri": f"{self._code.url}/scorer/vllm/", "dockerfilePath": "Dockerfile"}
        return self._created("tunedrop-vllm", {"build": build, "inferenceConfig": routes})

    def _with_packages(self, conda_file: str) -> dict[str, Any]:
        return {"image": IMAGE, "condaFile": self._code.files[conda_file].decode()}

    def _created(self, name: str, described: dict[str, Any]) -> str:
        content = json.dumps(described, sort_keys=True).encode()
        path = f"environments/{name}/versions/{hashlib.sha256(content).hexdigest()[:HASH_LENGTH]}"
        self._arm.create_or_find(path, {"properties": described | {"osType": "Linux", "isAnonymous": False}})
        return f"{self._arm.workspace_path}/{path}"


def machine_identity(arm: Arm) -> MachineIdentity:
    """Return the identity with which jobs and deployments reach files; raises ServiceRefused where there is none.

    Serverless compute takes no system-assigned identity (Microsoft: "Model training on serverless compute"), and
    an endpoint's own one has no rights on our container.
    """
    workspace = arm.get(f"{arm.workspace_path}?api-version={API_VERSION}")
    assigned = (workspace.get("identity") or {}).get("userAssignedIdentities") or {}
    primary = str(workspace["properties"].get("primaryUserAssignedIdentity") or "").lower()
    for resource, ids in sorted(assigned.items(), key=lambda one: (one[0].lower() != primary, one[0])):
        return MachineIdentity(resource, str((ids or {}).get("clientId") or ""))
    mend = "azd env set GPU_TRAINING true; azd provision --no-state"
    reason = f"the workspace has no user-assigned identity for the machines: {mend}"
    raise ServiceRefused(SERVICE, reason, 400, PREFLIGHT)
