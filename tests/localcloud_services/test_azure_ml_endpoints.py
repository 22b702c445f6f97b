"""Models and serverless endpoints: created, read, keyed, deleted, in an order that cannot go wrong."""

import pytest

from tests.localcloud_services.conftest import ENDPOINTS, GUID, MODELS, Served, endpoint_body, job_body

PREVIEW = "2024-01-01-preview"


@pytest.fixture
def model(here: Served, request: pytest.FixtureRequest) -> str:
    """A registered model of the test's own."""
    name = (
        request.node.name.replace("_", "-")[:60].split("[")[0] + f"-{len(here.cloud.shared['workspace'].models)}"
    )
    training = here.drop("endpoints/training.jsonl", [("Who?", "Me.")])
    assert (
        here.finished(f"job-{name}", job_body(training, outputs__registered_model__assetName=name)) == "Completed"
    )
    return name


def put(here: Served, name: str, body: object, version: str = ENDPOINTS) -> tuple[int, object]:
    answer = here.arm("PUT", f"/serverlessEndpoints/{name}", version, body)
    return answer.status, answer.body


def test_an_endpoint_is_created_read_and_deleted(here: Served, model: str):
    created = here.arm("PUT", "/serverlessEndpoints/td-life", ENDPOINTS, endpoint_body(model))
    assert created.status == 201
    assert created.body["properties"]["provisioningState"] == "Creating"
    assert here.arm("POST", "/serverlessEndpoints/td-life/listKeys", ENDPOINTS).status == 409
    operation = created.headers["azure-asyncoperation"]
    here.until(lambda: here.call("GET", operation).body["status"], "Succeeded")
    read = here.arm("GET", "/serverlessEndpoints/td-life", ENDPOINTS).body
    assert read["properties"] == {
        "modelSettings": {"modelId": f"azureml://locations/eastus2/workspaces/{GUID}/models/{model}/versions/1"},
        "inferenceEndpoint": {"uri": f"{here.urls['scoring']}/endpoints/td-life", "headers": {}},
        "provisioningState": "Succeeded",
        "endpointState": "Online",
        "authMode": "Key",
        "contentSafety": {"contentSafetyStatus": "Enabled"},
    }
    gone = here.arm("DELETE", "/serverlessEndpoints/td-life", ENDPOINTS)
    assert gone.status == 202
    here.until(lambda: here.call("GET", gone.headers["azure-asyncoperation"]).body["status"], "Succeeded")
    assert here.arm("GET", "/serverlessEndpoints/td-life", ENDPOINTS).status == 404
    assert here.arm("DELETE", "/serverlessEndpoints/td-life", ENDPOINTS).status == 204


def test_the_preview_version_neither_takes_nor_shows_content_safety(here: Served, model: str):
    body = endpoint_body(model, contentSafety={"contentSafetyStatus": "Disabled"})
    assert put(here, "td-preview", body, PREVIEW)[0] == 201
    assert here.until(lambda: here.endpoint_state("td-preview"), "Succeeded", "Failed") == "Succeeded"
    shown = here.arm("GET", "/serverlessEndpoints/td-preview", PREVIEW).body["properties"]
    assert not {"contentSafety", "authMode"} & set(shown)
    whole = here.arm("GET", "/serverlessEndpoints/td-preview", ENDPOINTS).body["properties"]
    assert whole["contentSafety"] == {"contentSafetyStatus": "Enabled"}


def test_the_same_endpoint_again_is_that_endpoint_and_a_second_one_for_the_model_a_conflict(
    here: Served, model: str
):
    assert put(here, "td-one", endpoint_body(model))[0] == 201
    again = {**endpoint_body(model, contentSafety={"contentSafetyStatus": "Disabled"}), "tags": {"run": "1"}}
    status, body = put(here, "td-one", again)
    assert (status, body["tags"]) == (200, {"run": "1"})
    assert body["properties"]["contentSafety"] == {"contentSafetyStatus": "Disabled"}
    assert put(here, "td-two", endpoint_body(model))[0] == 409
    assert "td-one" in [
        endpoint["name"] for endpoint in here.arm("GET", "/serverlessEndpoints", ENDPOINTS).body["value"]
    ]


def test_a_deployed_model_cannot_be_archived_or_deleted(here: Served, model: str):
    here.deployed("td-keeps", model)
    version = f"/models/{model}/versions/1"
    archive = {"properties": {"isArchived": True}}
    assert here.arm("PUT", version, MODELS, archive).status == 409
    assert here.arm("PUT", f"/models/{model}", MODELS, archive).status == 409
    assert here.arm("DELETE", version, "2024-10-01").status == 409
    here.arm("DELETE", "/serverlessEndpoints/td-keeps", ENDPOINTS)
    here.until(lambda: str(here.arm("GET", "/serverlessEndpoints/td-keeps", ENDPOINTS).status), "404")
    assert here.arm("PUT", version, MODELS, archive).status == 200
    assert here.arm("GET", f"/models/{model}/versions", MODELS).body["value"] == []
    assert put(here, "td-archived", endpoint_body(model))[0] == 400
    assert here.arm("DELETE", version, "2024-10-01").status == 200
    assert here.arm("DELETE", version, "2024-10-01").status == 204


def test_keys_have_32_characters_and_can_be_replaced(here: Served, model: str):
    here.deployed("td-keys", model)
    keys = here.arm("POST", "/serverlessEndpoints/td-keys/listKeys", PREVIEW).body
    new = here.arm("POST", "/serverlessEndpoints/td-keys/regenerateKeys", ENDPOINTS, {"keyType": "Primary"}).body
    assert [len(key) for key in (*keys.values(), *new.values())] == [32] * 4
    assert (new["primaryKey"] != keys["primaryKey"], new["secondaryKey"]) == (True, keys["secondaryKey"])
    wrong = here.arm("POST", "/serverlessEndpoints/td-keys/regenerateKeys", ENDPOINTS, {"keyType": "Third"})
    assert wrong.status == 400


@pytest.mark.parametrize(
    ("name", "changes", "status", "said"),
    [
        ("1-starts-badly", {}, 400, "name"),
        ("n" * 53, {}, 400, "name"),
        ("td-x", {"location": "westus"}, 400, "location"),
        ("td-x", {"properties": None}, 400, "properties"),
        ("td-x", {"properties": {"authMode": "AAD"}}, 400, "authMode"),
        ("td-x", {"properties": {"contentSafety": {"contentSafetyStatus": "Off"}}}, 400, "contentSafetyStatus"),
        ("td-x", {"properties": {"modelSettings": {"modelId": "chat:1"}}}, 400, "modelId"),
        (
            "td-x",
            {
                "properties": {
                    "modelSettings": {"modelId": "azureml://locations/eastus/workspaces/g/models/m/versions/1"}
                }
            },
            400,
            "not in this workspace",
        ),
        ("td-x", {}, 404, "missing/1"),
    ],
)
def test_a_wrong_endpoint_is_refused(here: Served, name: str, changes: dict[str, object], status: int, said: str):
    answer = here.arm("PUT", f"/serverlessEndpoints/{name}", ENDPOINTS, endpoint_body("missing") | changes)
    assert answer.status == status
    assert said in answer.message


def test_a_model_that_does_not_load_fails_its_endpoint(here: Served, model: str):
    folder = here.cloud.shared["workspace"].models[model, "1"].folder
    (folder / "model.safetensors").unlink()
    assert put(here, "td-broken", endpoint_body(model))[0] == 201
    assert here.until(lambda: here.endpoint_state("td-broken"), "Succeeded", "Failed") == "Failed"
    shown = here.arm("GET", "/serverlessEndpoints/td-broken", ENDPOINTS).body["properties"]
    assert shown["endpointState"] == "CreationFailed"
