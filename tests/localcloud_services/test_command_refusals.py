"""Command jobs, code and environments that are refused: the answer names the field, a gap of ours is a 501."""

import re
from typing import Any

import pytest

from localcloud.azure_ml.command_checks import seconds_in
from localcloud.azure_ml.workspace import Refused
from tests.localcloud_services.commands import ASSETS, COMMANDS, IMAGE, command_body, output, prepared, put
from tests.localcloud_services.conftest import JOBS, Served, W

FOLDER = "azureml://datastores/tunedrop/paths/x/"
REGISTRY = "azureml://registries/azureml/models"


@pytest.fixture(scope="module")
def cloud(here: Served) -> Served:
    return prepared(here)


def inputs(**given: Any) -> dict[str, Any]:
    whole = {"jobInputType": "uri_folder", "mode": "ReadOnlyMount", "uri": FOLDER} | given
    return {"inputs": {"x": {field: value for field, value in whole.items() if value is not None}}}


def outputs(**given: Any) -> dict[str, Any]:
    return {"outputs": {"work": output("x"), "y": {"jobOutputType": "custom_model", **given}}}


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"command": ""}, 400, "command: is required"),
        ({"command": "python ${{inputs.none}}"}, 400, "command: ${{inputs.none}}: the job has no such input"),
        ({"command": "python ${{ outputs.none }}"}, 400, "command: ${{outputs.none}}: the job has no such output"),
        ({"command": "python ${{search_space.rate}}"}, 400, "command: ${{search_space.rate}} refers neither"),
        ({"codeId": "azureml:tuned:1"}, 400, "codeId: "),
        ({"codeId": f"{W}/codes/none/versions/1"}, 404, "codes/versions 'none/1'"),
        ({"environmentId": None}, 400, "environmentId: "),
        ({"environmentId": f"{W}/environments/none/versions/1"}, 404, "environments/versions 'none/1'"),
        ({"computeId": f"{W}/computes/none"}, 400, "computeId: unknown compute target 'none'"),
        ({"resources": {"instanceType": "Standard_Huge"}}, 400, "resources.instanceType: 'Standard_Huge'"),
        ({"resources": {"instanceCount": 0}}, 400, "resources.instanceCount"),
        ({"resources": {"instanceCount": 2}}, 501, "resources.instanceCount"),
        ({"queueSettings": {"jobTier": "Premium"}}, 501, "queueSettings.jobTier 'Premium'"),
        ({"computeId": f"{W}/computes/gpu-cluster"}, 400, "queueSettings.jobTier: Standard"),
        (
            {"distribution": {"distributionType": "Mpi", "processCountPerInstance": 2}},
            501,
            "distributionType 'Mpi'",
        ),
        ({"distribution": {"distributionType": "PyTorch"}}, 400, "distribution.processCountPerInstance"),
        ({"limits": {"timeout": "48 h"}}, 400, "limits.timeout: '48 h' is not a duration"),
        ({"environmentVariables": {"COUNT": 1}}, 400, "environmentVariables"),
        ({"services": {"tensorboard": {}}}, 501, "properties.services"),
        ({"componentId": "x"}, 501, "properties.componentId"),
        (inputs(uri=None), 400, "inputs.x.uri: is required"),
        (inputs(jobInputType="mltable"), 501, "inputs.x.jobInputType 'mltable'"),
        (inputs(mode="Direct"), 501, "inputs.x.mode 'Direct'"),
        (inputs(jobInputType="literal", value=None), 400, "inputs.x.value"),
        (inputs(jobInputType="literal", value=3), 400, "inputs.x.value"),
        (inputs(jobInputType="custom_model", uri=f"{REGISTRY}/Phi-2/versions/1"), 404, "Phi-2"),
        (inputs(jobInputType="custom_model", uri=f"{REGISTRY}/Phi-3-mini-4k-instruct/versions/99"), 404, "99"),
        (inputs(jobInputType="mlflow_model", uri=f"{W}/models/none/versions/1"), 404, "none/1"),
        ({"inputs": {"x": None}}, 400, "x: is required"),
        (outputs(jobOutputType="mltable"), 501, "outputs.y.jobOutputType 'mltable'"),
        (outputs(mode="Direct"), 501, "outputs.y.mode 'Direct'"),
        (outputs(assetName="no name"), 400, "outputs.y.assetName"),
        (outputs(assetName="name", assetVersion="latest"), 501, "outputs.y.assetVersion"),
        (outputs(jobOutputType="uri_folder", assetName="data"), 501, "outputs.y.assetName"),
    ],
)
def test_a_wrong_command_is_refused_with_its_field(cloud: Served, changes: dict[str, Any], status: int, said: str):
    answer = cloud.arm("PUT", "/jobs/wrong-command", COMMANDS, command_body("x", **changes))
    assert (answer.status, said in answer.message) == (status, True), answer.message
    assert cloud.arm("GET", "/jobs/wrong-command", JOBS).status == 404


def test_a_cluster_takes_a_job_without_a_tier(cloud: Served):
    body = command_body("on-cluster", computeId=f"{W}/computes/gpu-cluster", queueSettings=None)
    assert cloud.arm("PUT", "/jobs/on-cluster", COMMANDS, body).status == 201
    assert cloud.until(lambda: cloud.job_status("on-cluster"), "Completed", "Failed") == "Completed"


@pytest.mark.parametrize(
    ("version", "kind"), [(COMMANDS, "FineTuning"), ("2024-10-01", "FineTuning"), (JOBS, "Sweep")]
)
def test_a_kind_is_taken_only_by_the_versions_that_know_it(cloud: Served, version: str, kind: str):
    answer = cloud.arm("PUT", "/jobs/unknown-kind", version, {"properties": {"jobType": kind}})
    assert (answer.status, answer.code) == (501, "NotInLocalCloud")


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [("P2D", 172800), ("PT48H", 172800), ("PT172800S", 172800), ("P1DT1H1M1.5S", 90061.5), ("PT0S", 0)],
)
def test_a_duration_is_read(duration: str, seconds: float):
    assert seconds_in("limits.timeout", duration) == seconds


@pytest.mark.parametrize("duration", ["", "P", "PT", "2D", "P1W", "PT1.5H", "172800"])
def test_what_is_no_duration_is_refused(duration: str):
    with pytest.raises(Refused, match=re.escape("limits.timeout: ")):
        seconds_in("limits.timeout", duration)


def test_code_and_environments_never_change(cloud: Served):
    uri = f"{cloud.urls['blob']}/reports/code/abc"
    environment = {"image": IMAGE, "condaFile": "dependencies:\n- pip:\n  - msgspec\n"}
    assert put(cloud, "/codes/fixed/versions/1", {"codeUri": uri}) == 201
    assert put(cloud, "/codes/fixed/versions/1", {"codeUri": uri}) == 200
    assert put(cloud, "/codes/fixed/versions/1", {"codeUri": uri + "d"}) == 409
    assert put(cloud, "/environments/fixed/versions/1", environment) == 201
    assert put(cloud, "/environments/fixed/versions/1", environment) == 200
    assert put(cloud, "/environments/fixed/versions/1", environment | {"image": "other"}) == 409
    shown = cloud.arm("GET", "/environments/fixed/versions/1", ASSETS).body
    assert (shown["name"], shown["properties"]["image"]) == ("1", IMAGE)
    assert cloud.arm("GET", "/codes/fixed/versions/1", ASSETS).body["properties"]["codeUri"] == uri
    assert [cloud.arm("GET", f"/{kind}/none/versions/1", ASSETS).status for kind in ("codes", "environments")] == [
        404,
        404,
    ]


@pytest.mark.parametrize(
    ("path", "properties", "said"),
    [
        ("/codes/x/versions/1", {}, "codeUri"),
        ("/codes/x/versions/1", {"codeUri": "https://elsewhere.example/c/x"}, "codeUri"),
        ("/codes/x/versions/1", {"codeUri": "azureml://datastores/none/paths/x"}, "no datastore 'none'"),
        ("/codes/-x/versions/1", {"codeUri": FOLDER}, "name"),
        ("/environments/x/versions/1", {}, "either an image or a build context"),
        ("/environments/x/versions/1", {"image": "i", "build": {"contextUri": FOLDER}}, "either an image"),
        ("/environments/x/versions/1", {"build": {"dockerfilePath": "Dockerfile"}}, "build.contextUri"),
        ("/environments/x/versions/1", {"image": "i", "condaFile": "["}, "condaFile"),
        ("/environments/x/versions/1", {"image": "i", "condaFile": "name: x"}, "list of dependencies"),
    ],
)
def test_wrong_code_and_environments_are_refused(cloud: Served, path: str, properties: dict[str, Any], said: str):
    answer = cloud.arm("PUT", path, ASSETS, {"properties": properties})
    assert (answer.status, said in answer.message) == (400, True), answer.message


def test_the_cluster_is_shown_and_no_other(cloud: Served):
    shown = cloud.arm("GET", "/computes/gpu-cluster", ASSETS).body["properties"]
    assert (shown["computeType"], shown["properties"]["vmSize"]) == ("AmlCompute", "Standard_NC24ads_A100_v4")
    assert cloud.arm("GET", "/computes/other", ASSETS).status == 404
