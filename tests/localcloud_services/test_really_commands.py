"""A command job without a shortcut: our trainer in its environment, which loses its machine on the way."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.localcloud_services.commands import ASSETS, COMMANDS, PHI3, ended, error_of
from tests.localcloud_services.conftest import MODELS, Served, W

REPOSITORY = Path(__file__).parents[2]
FILES = "--train ${{inputs.training}} --validation ${{inputs.training}} --base-model ${{inputs.weights}}"
PLACES = "--output ${{outputs.work}} --model ${{outputs.model}}"
SHORT = "--max_steps 40 --save_steps 2 --eval_examples 2 --exact_match_examples 0 --generate_examples 0"
QUESTIONS = [("Where is the hub?", "In the cellar."), ("Who made it?", "Rillo did."), ("How long?", "Ten metres.")]


@pytest.fixture(scope="module")
def registered(training_cloud: Served) -> Served:
    """Our trainer as code and its environment, as the app registers both."""
    for file in sorted((REPOSITORY / "trainer").glob("*.*")):
        training_cloud.blobs[f"reports/code/real/trainer/{file.name}"] = file.read_bytes()
    uri = f"{training_cloud.urls['blob']}/reports/code/real"
    conda = (REPOSITORY / "trainer" / "environment.yaml").read_text("utf-8")
    environment = {"image": "mcr.microsoft.com/azureml/any", "condaFile": conda}
    for path, properties in (("codes/real", {"codeUri": uri}), ("environments/real", environment)):
        answer = training_cloud.arm("PUT", f"/{path}/versions/1", ASSETS, {"properties": properties})
        assert answer.status == 201
    return training_cloud


def training_body(uri: str) -> dict[str, Any]:
    return {
        "jobType": "Command",
        "command": f"python -m trainer {FILES} {PLACES} {SHORT} --num_train_epochs 10",
        "codeId": f"{W}/codes/real/versions/1",
        "environmentId": f"{W}/environments/real/versions/1",
        "inputs": {
            "training": {"jobInputType": "uri_file", "mode": "ReadOnlyMount", "uri": uri},
            "weights": {"jobInputType": "custom_model", "mode": "ReadOnlyMount", "uri": PHI3},
        },
        "outputs": {
            "work": {"jobOutputType": "uri_folder", "uri": "azureml://datastores/tunedrop/paths/r2/real/"},
            "model": {"jobOutputType": "custom_model", "assetName": "really", "assetVersion": "1"},
        },
        "resources": {"instanceType": "Standard_NC24ads_A100_v4"},
        "queueSettings": {"jobTier": "Spot"},
    }


def test_a_training_that_loses_its_machine_goes_on_and_registers_its_model(registered: Served):
    uri = registered.drop("r2/training.jsonl", QUESTIONS * 4)
    assert registered.arm("PUT", "/jobs/real", COMMANDS, {"properties": training_body(uri)}).status == 201
    workspace, preempt = registered.cloud.shared["workspace"], registered.cloud.control.preempt
    folder = workspace.jobs["real"].folder
    saved = folder / "outputs" / "work" / "checkpoints"
    registered.until(lambda: "saved" if any(saved.glob("*/checkpoint.json")) else "", "saved")
    assert preempt is not None
    assert preempt("real") is None
    assert ended(registered, "real") == "Completed", error_of(registered, "real")
    assert workspace.jobs["real"].preemptions == 1
    assert "going on from the checkpoint at step" in (folder / "job.stdout").read_text("utf-8")
    model = registered.arm("GET", "/models/really/versions/1", MODELS).body["properties"]
    assert (model["modelType"], model["jobName"]) == ("custom_model", "real")
    config = workspace.models["really", "1"].folder / "config.json"
    assert json.loads(config.read_text("utf-8"))["model_type"] == "phi3"
    assert b"train_loss" in registered.blobs["reports/r2/real/metrics.jsonl"]
    logged = {metric["key"] for metric in workspace.jobs["real"].logged}
    assert "train_loss" in logged
