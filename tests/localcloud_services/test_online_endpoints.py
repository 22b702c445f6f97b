"""Managed online endpoints: how they and their deployments come, serve, fail and go, and what is refused."""

import secrets
from collections.abc import Callable
from typing import Any

import pytest

from localcloud.azure_ml.online import OnlineEndpoint
from localcloud.azure_ml.workspace import MACHINES_ID
from tests.localcloud_services.commands import ASSETS, ENVIRONMENT, prepared, put, submit
from tests.localcloud_services.conftest import ENDPOINTS, MODELS, Served, W
from tests.localcloud_services.conftest import endpoint_body as serverless

MODEL = f"{W}/models/online/versions/1"
CODE = f"{W}/codes/scoring/versions/1"
WORK = {"jobOutputType": "custom_model", "mode": "ReadWriteMount", "assetName": "online", "assetVersion": "1"}


@pytest.fixture(scope="module")
def cloud(here: Served) -> Served:
    """A cloud with a model that a command job wrote, and with scoring scripts."""
    prepared(here)
    here.blobs["reports/code/scoring/scorer/score.py"] = b"def init(): ..."
    here.blobs["reports/code/scoring/scorer/bad.py"] = b"raise ValueError('the model is bad')"
    put(here, "/codes/scoring/versions/1", {"codeUri": f"{here.urls['blob']}/reports/code/scoring"})
    submit(here, "for-online", outputs={"work": WORK})
    assert here.until(lambda: here.job_status("for-online"), "Completed", "Failed") == "Completed"
    return here


@pytest.fixture
def name() -> str:
    return f"tm-{secrets.token_hex(6)}"


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


def inside(cloud: Served, name: str) -> OnlineEndpoint:
    endpoint: OnlineEndpoint = cloud.cloud.shared["workspace"].online[name]
    return endpoint


def test_an_endpoint_serves_once_its_deployment_gets_the_traffic(cloud: Served, name: str):
    path = f"/onlineEndpoints/{name}"
    first = cloud.arm("PUT", path, ASSETS, endpoint_body())
    assert (first.status, first.body["properties"]["provisioningState"]) == (201, "Creating")
    assert "scoringUri" not in first.body["properties"]
    assert cloud.arm("POST", f"{path}/listKeys", ASSETS).status == 409
    assert settled(cloud, path) == "Succeeded"
    assert cloud.call("GET", first.headers["azure-asyncoperation"]).body["status"] == "Succeeded"
    place = f"{path}/deployments/tuned"
    assert cloud.arm("PUT", place, ASSETS, deployment_body()).status == 201
    assert settled(cloud, place) == "Succeeded"
    endpoint = inside(cloud, name)
    assert (endpoint.state, endpoint.server) == ("NoDeployment", None)
    assert cloud.arm("PUT", path, ASSETS, endpoint_body({"tuned": 100})).status == 200
    assert settled(cloud, path) == "Succeeded"
    assert endpoint.state == "Succeeded"
    assert endpoint.server is not None
    assert endpoint.server.variables == {"OWN": "yes"}
    assert [file.name for file in endpoint.server.model_folder.iterdir()] == ["seen.json"]
    shown = cloud.arm("GET", path, ASSETS).body
    assert shown["properties"]["scoringUri"] == f"{cloud.urls['scoring']}/online/{name}/score"
    assert (shown["properties"]["traffic"], shown["tags"]) == ({"tuned": 100}, {"run": "r1"})
    keys = cloud.arm("POST", f"{path}/listKeys", ASSETS).body
    assert keys == {"primaryKey": endpoint.primary_key, "secondaryKey": endpoint.secondary_key}
    assert endpoint.primary_key != endpoint.secondary_key


def test_deleting_an_endpoint_ends_its_deployments_and_frees_its_model(cloud: Served, name: str):
    assert deployed(cloud, name) == "Succeeded"
    path, server = f"/onlineEndpoints/{name}", inside(cloud, name).deployments["tuned"].server
    assert server is not None
    refused = cloud.arm("DELETE", "/models/online/versions/1", MODELS)
    assert (refused.status, refused.code) == (409, "Conflict")
    gone = cloud.arm("DELETE", path, ASSETS)
    assert gone.status == 202
    cloud.until(lambda: str(cloud.arm("GET", path, ASSETS).status), "404")
    assert cloud.call("GET", gone.headers["azure-asyncoperation"]).body["status"] == "Succeeded"
    assert not server.runs
    assert cloud.arm("DELETE", path, ASSETS).status == 204
    assert cloud.arm("GET", f"{path}/deployments/tuned", ASSETS).status == 404


def test_a_deployment_goes_alone_once_it_has_no_traffic(cloud: Served, name: str):
    assert deployed(cloud, name) == "Succeeded"
    path, place = f"/onlineEndpoints/{name}", f"/onlineEndpoints/{name}/deployments/tuned"
    cloud.arm("PUT", path, ASSETS, endpoint_body({"tuned": 100}))
    assert settled(cloud, path) == "Succeeded"
    assert cloud.arm("DELETE", place, ASSETS).status == 409
    cloud.arm("PUT", path, ASSETS, endpoint_body({"tuned": 0}))
    assert settled(cloud, path) == "Succeeded"
    assert cloud.arm("DELETE", place, ASSETS).status == 202
    cloud.until(lambda: str(cloud.arm("GET", place, ASSETS).status), "404")
    assert cloud.arm("DELETE", place, ASSETS).status == 204


@pytest.mark.parametrize(
    ("properties", "code", "reason"),
    [
        (
            {"codeConfiguration": {"codeId": CODE, "scoringScript": "scorer/bad.py"}},
            "ResourceNotReady",
            "ValueError: the model is bad",
        ),
        (
            {"codeConfiguration": {"codeId": CODE, "scoringScript": "scorer/none.py"}},
            "ResourceNotFound",
            "the code has no scorer/none.py",
        ),
        (
            {"environmentId": f"{W}/environments/lacking/versions/1"},
            "ImageBuildFailure",
            "package no-such-package",
        ),
        (
            {"environmentId": f"{W}/environments/vllm/versions/1", "codeConfiguration": None},
            "ImageBuildFailure",
            "cannot run images",
        ),
        ({"instanceType": "Standard_NC96ads_A100_v4"}, "OutOfQuota", "has a limit of 24 vCPUs, and 96 are needed"),
    ],
)
def test_a_deployment_that_cannot_be_fails_and_says_why(
    cloud: Served, name: str, properties: dict[str, Any], code: str, reason: str
):
    conda = "dependencies:\n- pip:\n  - no-such-package==1.0\n"
    put(cloud, "/environments/lacking/versions/1", {"image": "x", "condaFile": conda})
    route = {"port": 8000, "path": "/health"}
    routes = {"livenessRoute": route, "readinessRoute": route, "scoringRoute": route}
    build = {"contextUri": f"{cloud.urls['blob']}/reports/code/scoring"}
    put(cloud, "/environments/vllm/versions/1", {"build": build, "inferenceConfig": routes})
    cloud.cloud.control.quota = {"standardNCADSA100v4Family": 24}
    try:
        assert deployed(cloud, name, **properties) == "Failed"
    finally:
        cloud.cloud.control.quota = {}
    shown = cloud.arm("GET", f"/onlineEndpoints/{name}/deployments/tuned", ASSETS).body["properties"]
    operation = cloud.call("GET", shown["properties"]["AzureAsyncOperationUri"]).body
    assert (operation["status"], operation["error"]["code"]) == ("Failed", code)
    assert reason in operation["error"]["message"]
    traffic = cloud.arm("PUT", f"/onlineEndpoints/{name}", ASSETS, endpoint_body({"tuned": 100}))
    assert (traffic.status, traffic.code) == (400, "ValidationError")


def test_a_server_tells_its_last_lines(cloud: Served, name: str):
    assert deployed(cloud, name) == "Succeeded"
    place = f"/onlineEndpoints/{name}/deployments/tuned/getLogs"
    asked = {"containerType": "InferenceServer", "tail": 2}
    assert cloud.arm("POST", place, ASSETS, asked).body == {"content": "two\nthree"}
    assert cloud.arm("POST", place, ASSETS, {"containerType": "Other"}).status == 400


def test_a_failed_deployment_is_made_anew_and_another_one_is_not_changed(cloud: Served, name: str):
    bad = {"codeConfiguration": {"codeId": CODE, "scoringScript": "scorer/bad.py"}}
    assert deployed(cloud, name, **bad) == "Failed"
    place = f"/onlineEndpoints/{name}/deployments/tuned"
    assert cloud.arm("PUT", place, ASSETS, deployment_body()).status == 200
    assert settled(cloud, place) == "Succeeded"
    assert cloud.arm("PUT", place, ASSETS, deployment_body()).status == 200
    assert cloud.arm("PUT", place, ASSETS, deployment_body(**bad)).status == 409


def test_nothing_else_is_taken_while_something_is_under_way(cloud: Served, name: str):
    path = f"/onlineEndpoints/{name}"
    cloud.arm("PUT", path, ASSETS, endpoint_body())
    calls: list[Callable[[], int]] = [
        lambda: cloud.arm("PUT", path, ASSETS, endpoint_body()).status,
        lambda: cloud.arm("DELETE", path, ASSETS).status,
        lambda: cloud.arm("PUT", f"{path}/deployments/tuned", ASSETS, deployment_body()).status,
    ]
    assert [call() for call in calls] == [409, 409, 409]
    assert settled(cloud, path) == "Succeeded"


@pytest.mark.parametrize("name", ["tm", "t" * 33, "1-starts-badly", "ends-badly-", "under_score"])
def test_a_wrong_name_is_refused(cloud: Served, name: str):
    answer = cloud.arm("PUT", f"/onlineEndpoints/{name}", ASSETS, endpoint_body())
    assert (answer.status, answer.code) == (400, "ValidationError")


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"authMode": "AADToken"}, 501, "authMode"),
        ({"authMode": None}, 400, "authMode"),
        ({"compute": "aks"}, 501, "properties.compute"),
        ({"mirrorTraffic": {"tuned": 10}}, 501, "properties.mirrorTraffic"),
        ({"traffic": {"tuned": 100}}, 400, "properties.traffic.tuned"),
    ],
)
def test_a_wrong_endpoint_is_refused_with_its_field(
    cloud: Served, changes: dict[str, Any], status: int, said: str
):
    answer = cloud.arm("PUT", "/onlineEndpoints/wrong", ASSETS, endpoint_body(**changes))
    assert (answer.status, said in answer.message) == (status, True), answer.message
    assert cloud.arm("GET", "/onlineEndpoints/wrong", ASSETS).status == 404


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"location": "westeurope"}, "location"),
        ({"identity": {"userAssignedIdentities": {"/subscriptions/other": {}}}}, "userAssignedIdentities"),
    ],
)
def test_an_endpoint_elsewhere_or_of_nobody_is_refused(cloud: Served, changes: dict[str, Any], said: str):
    answer = cloud.arm("PUT", "/onlineEndpoints/wrong", ASSETS, endpoint_body() | changes)
    assert (answer.status, said in answer.message) == (400, True)


@pytest.fixture(scope="module")
def empty(cloud: Served) -> str:
    return created(cloud, "tm-empty")


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"model": None}, 400, "properties.model"),
        ({"model": f"{W}/models/none/versions/1"}, 404, "none/1"),
        ({"environmentId": None}, 400, "properties.environmentId"),
        ({"environmentId": f"{W}/environments/none/versions/1"}, 404, "none/1"),
        ({"codeConfiguration": None}, 400, "properties.codeConfiguration"),
        ({"codeConfiguration": {"codeId": "x", "scoringScript": "s.py"}}, 400, "codeConfiguration.codeId"),
        ({"codeConfiguration": {"codeId": CODE}}, 400, "codeConfiguration.scoringScript"),
        ({"codeConfiguration": {"codeId": f"{W}/codes/none/versions/1", "scoringScript": "s"}}, 404, "none/1"),
        ({"instanceType": "Standard_Huge"}, 400, "properties.instanceType"),
        ({"instanceType": None}, 400, "properties.instanceType"),
        ({"endpointComputeType": "Kubernetes"}, 501, "endpointComputeType"),
        ({"requestSettings": {"requestTimeout": "PT181S"}}, 400, "requestSettings.requestTimeout"),
        ({"requestSettings": {"requestTimeout": "180"}}, 400, "requestSettings.requestTimeout"),
        ({"livenessProbe": {"period": "10 s"}}, 400, "livenessProbe.period"),
        ({"environmentVariables": {"COUNT": 1}}, 400, "environmentVariables"),
        ({"scaleSettings": {"scaleType": "TargetUtilization"}}, 501, "scaleSettings"),
        ({"dataCollector": {"collections": {}}}, 501, "dataCollector"),
    ],
)
def test_a_wrong_deployment_is_refused_with_its_field(
    cloud: Served, empty: str, changes: dict[str, Any], status: int, said: str
):
    answer = cloud.arm("PUT", f"{empty}/deployments/tuned", ASSETS, deployment_body(**changes))
    assert (answer.status, said in answer.message) == (status, True), answer.message
    assert cloud.arm("GET", f"{empty}/deployments/tuned", ASSETS).status == 404


@pytest.mark.parametrize(("capacity", "status"), [(0, 400), (None, 400), (2, 501)])
def test_there_is_one_machine(cloud: Served, empty: str, capacity: int | None, status: int):
    body = deployment_body() | {"sku": {"name": "Default", "capacity": capacity}}
    answer = cloud.arm("PUT", f"{empty}/deployments/tuned", ASSETS, body)
    assert (answer.status, "sku.capacity" in answer.message) == (status, True)


def test_a_deployment_needs_its_endpoint(cloud: Served):
    assert (
        cloud.arm("PUT", "/onlineEndpoints/tm-nobody/deployments/tuned", ASSETS, deployment_body()).status == 404
    )


def test_a_model_of_a_command_job_is_no_serverless_one(cloud: Served):
    answer = cloud.arm("PUT", "/serverlessEndpoints/td-no", ENDPOINTS, serverless("online"))
    assert (answer.status, "custom_model" in answer.message) == (400, True)
