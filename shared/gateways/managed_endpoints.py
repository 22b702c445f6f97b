"""The managed route's serving: a managed online endpoint with one deployment, on GPUs paid by the hour."""

from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from azure.core.credentials import TokenCredential

from shared.core.run import Run
from shared.errors import ServiceRefused, ServiceUnavailable
from shared.gateways.arm import BUSY, Arm, deleting
from shared.gateways.azure_ml import tags_of
from shared.gateways.code_folder import ROOT, CodeFolder
from shared.gateways.deployment_failure import failure_of
from shared.gateways.machine_environments import MachineEnvironments, machine_identity
from shared.ports import Endpoint
from shared.settings import Settings

DEPLOYMENT = "tuned"
ALL_TRAFFIC = {DEPLOYMENT: 100}
# What Microsoft's server reads. One process, since each would load the weights; threads for eight answers, as many
# requests that wait, and the probes; no connection that closes just when Azure's front uses it again; as long to
# load as the probe waits; no answers kept in Application Insights.
SERVER = {
    "WORKER_COUNT": "1",
    "GUNICORN_CMD_ARGS": "--worker-class gthread --threads 24 --keep-alive 0",
    "WORKER_TIMEOUT": "900",
    "APP_INSIGHTS_LOG_RESPONSE_ENABLED": "false",
}
SCORE = "/score"
UNDER_WAY = frozenset({"creating", "updating", "scaling", "resizing"})
REQUESTS = {"requestTimeout": "PT180S", "maxConcurrentRequestsPerInstance": 8}  # 180 s is Azure ML's limit
# Loading the weights of a Phi model takes minutes: until then the server answers that it is not ready.
LIVENESS = {"initialDelay": "PT600S", "period": "PT30S", "timeout": "PT10S", "failureThreshold": 10}
READINESS = {"initialDelay": "PT10S", "period": "PT10S", "timeout": "PT10S", "failureThreshold": 30}


class ManagedEndpoints:
    """Azure ML's managed online endpoints: one per run, billed by the hour while its deployment exists."""

    def __init__(
        self, settings: Settings, credential: TokenCredential, arm: Arm | None = None, root: Path = ROOT
    ) -> None:
        self._settings, self._arm = settings, arm or Arm(settings, credential)
        self._code = CodeFolder(settings, credential, self._arm, root)

    def create(self, run: Run) -> Endpoint:
        """Do the next of three steps: endpoint, deployment, traffic; each finds what is there already.

        The state is `creating` until all are done, and that of the step that failed where one did.
        """
        path = f"onlineEndpoints/{run.endpoint}"
        endpoint = self._arm.find(path)
        if endpoint is None:
            if self._arm.find(f"models/{run.asset}/versions/1") is None:
                return Endpoint("creating", reason=f"the model {run.asset} is not registered yet")
            endpoint = self._arm.create_or_find(path, self._endpoint(run, {}))
        if _state(endpoint) != "succeeded":
            return self._unfinished(run, endpoint)
        place = f"{path}/deployments/{DEPLOYMENT}"
        deployment = self._arm.find(place)
        if deployment is None:
            deployment = self._arm.create_or_find(place, self._deployment(run))
        if _state(deployment) != "succeeded":
            return self._unfinished(run, deployment, place)
        if endpoint["properties"].get("traffic") != ALL_TRAFFIC:
            self._give_traffic(run, path)
            return Endpoint("creating")
        return Endpoint("succeeded", _url(endpoint["properties"].get("scoringUri") or ""))

    def delete(self, endpoint: str) -> bool:
        """Ask for the end of endpoint and deployment; True once they are gone or were never there.

        Raises ServiceUnavailable while something else is under way there.
        """
        path = f"onlineEndpoints/{endpoint}"
        found = self._arm.find(path)
        if found is None:
            return True
        if _state(found) != "deleting":
            with deleting(endpoint):
                self._arm.delete(path)
        return False

    def _give_traffic(self, run: Run, path: str) -> None:
        """Send all prompts to the deployment; a later look tells whether it took effect.

        Where an answer was lost, the second try finds the endpoint busy with the first.
        """
        try:
            self._arm.put(path, self._endpoint(run, ALL_TRAFFIC))
        except ServiceRefused as refused:
            if refused.status != BUSY:
                raise

    @cached_property
    def _environments(self) -> MachineEnvironments:
        return MachineEnvironments(self._arm, self._code)

    def _unfinished(self, run: Run, resource: dict[str, Any], deployment: str = "") -> Endpoint:
        """Return how far a resource is that does not serve, and why it failed where it did."""
        state = _state(resource)
        if state in UNDER_WAY:
            return Endpoint("creating")
        reason = failure_of(self._arm, run.id, resource, deployment) if state == "failed" else ""
        return Endpoint(state, reason=reason)

    def _endpoint(self, run: Run, traffic: dict[str, int]) -> dict[str, Any]:
        identity = machine_identity(self._arm).id
        return {
            "location": self._arm.workspace["location"],
            "tags": tags_of(run),
            "identity": {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}},
            "properties": {"authMode": "Key", "traffic": traffic},
        }

    def _deployment(self, run: Run) -> dict[str, Any]:
        return {
            "location": self._arm.workspace["location"],
            "tags": tags_of(run),
            "sku": {"name": "Default", "capacity": 1},
            "properties": {
                "endpointComputeType": "Managed",
                "instanceType": self._settings.hosting_instance,
                "model": f"{self._arm.workspace_path}/models/{run.asset}/versions/1",
                "appInsightsEnabled": False,
                "environmentVariables": {"SERVED_MODEL_NAME": run.checked.base_model} | SERVER,
                "requestSettings": REQUESTS,
                "livenessProbe": LIVENESS,
                "readinessProbe": READINESS,
            }
            | self._server(),
        }

    def _server(self) -> dict[str, Any]:
        """Return what answers: our scoring script, or vLLM in an image of its own."""
        if self._settings.hosting_engine == "vllm":
            return {"environmentId": self._environments.vllm()}
        script = {"codeId": self._code.asset(), "scoringScript": "scorer/score.py"}
        return {"environmentId": self._environments.serving(), "codeConfiguration": script}


def _state(resource: dict[str, Any]) -> str:
    return str(resource["properties"].get("provisioningState") or "").lower()


def _url(scoring_uri: str) -> str:
    """Return where the chat gateway asks: our script itself, or vLLM's server, which has OpenAI's routes."""
    parts = urlsplit(scoring_uri)
    if parts.path.rstrip("/").endswith(SCORE):
        return scoring_uri
    if not parts.netloc:
        raise ServiceUnavailable("azure ml", "an endpoint without a scoring URI")
    return f"{parts.scheme}://{parts.netloc}"
