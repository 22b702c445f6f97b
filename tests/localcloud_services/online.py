"""Online endpoints over plain REST: what a deployment needs, and the bodies of both."""

from typing import Any

from localcloud.azure_ml.workspace import MACHINES_ID
from tests.localcloud_services.commands import ASSETS, ENVIRONMENT, prepared, put, submit
from tests.localcloud_services.conftest import Served, W

MODEL = f"{W}/models/online/versions/1"
CODE = f"{W}/codes/scoring/versions/1"
WORK = {"jobOutputType": "custom_model", "mode": "ReadWriteMount", "assetName": "online", "assetVersion": "1"}


def with_model(here: Served) -> Served:
    """Let a command job write a model, and register scoring scripts, once for all modules."""
    prepared(here)
    here.blobs["reports/code/scoring/scorer/score.py"] = b"def init(): ..."
    here.blobs["reports/code/scoring/scorer/bad.py"] = b"raise ValueError('the model is bad')"
    put(here, "/codes/scoring/versions/1", {"codeUri": f"{here.urls['blob']}/reports/code/scoring"})
    if "for-online" not in here.cloud.shared["workspace"].jobs:
        submit(here, "for-online", outputs={"work": WORK})
    assert here.until(lambda: here.job_status("for-online"), "Completed", "Failed") == "Completed"
    return here


def endpoint_body(traffic: dict[str, int] | None = None, **properties: Any) -> dict[str, Any]:
    identity = {"type": "UserAssigned", "userAssignedIdentities": {MACHINES_ID: {}}}
    asked = {"authMode": "Key", "traffic": traffic or {}, "properties": {}, "mirrorTraffic": {}, **properties}
    return {"location": "eastus2", "tags": {"run": "r1"}, "identity": identity, "properties": asked}


def deployment_body(**properties: Any) -> dict[str, Any]:
    asked = {
        "endpointComputeType": "Managed",
        "model": MODEL,
        "environmentId": ENVIRONMENT,
        "codeConfiguration": {"codeId": CODE, "scoringScript": "scorer/score.py"},
        "instanceType": "Standard_NC24ads_A100_v4",
        "environmentVariables": {"OWN": "yes"},
        "requestSettings": {"requestTimeout": "PT180S", "maxConcurrentRequestsPerInstance": 8},
        "livenessProbe": {"initialDelay": "PT600S", "period": "PT30S", "timeout": "PT10S", "failureThreshold": 10},
        "appInsightsEnabled": False,
    }
    kept = {field: value for field, value in (asked | properties).items() if value is not None}
    return {"location": "eastus2", "sku": {"name": "Default", "capacity": 1}, "properties": kept}


def state(cloud: Served, path: str) -> str:
    return str(cloud.arm("GET", path, ASSETS).body["properties"]["provisioningState"])


def settled(cloud: Served, path: str) -> str:
    return cloud.until(lambda: state(cloud, path), "Succeeded", "Failed")


def created(cloud: Served, name: str) -> str:
    path = f"/onlineEndpoints/{name}"
    assert cloud.arm("PUT", path, ASSETS, endpoint_body()).status == 201
    assert settled(cloud, path) == "Succeeded"
    return path


def deployed(cloud: Served, name: str, **properties: Any) -> str:
    """Create an endpoint with a deployment and return how the deployment ended."""
    place = f"{created(cloud, name)}/deployments/tuned"
    assert cloud.arm("PUT", place, ASSETS, deployment_body(**properties)).status == 201
    return settled(cloud, place)
