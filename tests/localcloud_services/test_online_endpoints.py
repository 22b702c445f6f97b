"""Managed online endpoints: how they and their deployments come, serve, fail and go, and what is refused."""

import secrets
from collections.abc import Callable
from typing import Any

import pytest

from localcloud.azure_ml.online import OnlineEndpoint
from localcloud.control import Training
from tests.localcloud_services.commands import ASSETS, put, submit
from tests.localcloud_services.conftest import MODELS, Served, W
from tests.localcloud_services.online import (
    CODE,
    WORK,
    deployed,
    deployment_body,
    endpoint_body,
    settled,
    with_model,
)


@pytest.fixture(scope="module")
def cloud(here: Served) -> Served:
    return with_model(here)


@pytest.fixture
def name() -> str:
    return f"tm-{secrets.token_hex(6)}"


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
            "User container has crashed or terminated, please see",
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


def test_a_model_that_was_not_really_trained_is_served_by_an_echo(cloud: Served, name: str):
    cloud.cloud.control.training = Training("instant")
    try:
        submit(cloud, name, outputs={"work": WORK | {"assetName": name}})
        cloud.until(lambda: cloud.job_status(name), "Completed")
        model = f"{W}/models/{name}/versions/1"
        assert deployed(cloud, name, model=model) == "Succeeded"
    finally:
        cloud.cloud.control.training = Training()
    path = f"/onlineEndpoints/{name}"
    cloud.arm("PUT", path, ASSETS, endpoint_body({"tuned": 100}))
    assert settled(cloud, path) == "Succeeded"
    assert (inside(cloud, name).echoes, inside(cloud, name).server) == (True, None)
    uri = cloud.arm("GET", path, ASSETS).body["properties"]["scoringUri"]
    key = {"Authorization": f"Bearer {cloud.arm('POST', f'{path}/listKeys', ASSETS).body['primaryKey']}"}
    asked = {"messages": [{"role": "user", "content": "Who is there?"}]}
    answer = cloud.call("POST", uri, asked, audience=None, headers=key)
    assert answer.body["choices"][0]["message"]["content"] == "Who is there?"
