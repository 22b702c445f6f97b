"""Online endpoints and deployments that are refused: the answer names the field, a gap of ours is a 501."""

from typing import Any

import pytest

from tests.localcloud_services.commands import ASSETS
from tests.localcloud_services.conftest import ENDPOINTS, Served, W
from tests.localcloud_services.conftest import endpoint_body as serverless
from tests.localcloud_services.online import CODE, created, deployment_body, endpoint_body, with_model


@pytest.fixture(scope="module")
def cloud(here: Served) -> Served:
    return with_model(here)


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
