"""The command job: what the trainer is started with, as whom and where, as azure-ai-ml 1.35 sends it."""

import json
import subprocess
import sys
import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shared.core.base_models import base_model
from shared.core.run import Run
from shared.errors import ServiceRefused
from shared.gateways.code_folder import ROOT, CodeFolder, files_of, hash_of
from shared.gateways.managed_training import FILES, ManagedTraining, command_line
from shared.ports import PREFLIGHT
from shared.settings import settings_and_faults
from tests.contract.examples import CHECKED, RUN
from tests.fakes.azure_site import ENVIRONMENT
from tests.unit.gateways.rest_workspace import CODE, Nobody, RestWorkspace

SETTINGS = settings_and_faults(ENVIRONMENT)[0]
FOLDER = f"azureml://datastores/tunedrop/paths/{RUN.id}"
LIMIT = 60  # seconds for one interpreter


def managed(**hyperparameters: str) -> Run:
    checked = replace(
        CHECKED, base_model="Phi-3.5-mini-instruct", route="managed", hyperparameters=hyperparameters
    )
    return replace(RUN, checked=checked)


def described(arm: RestWorkspace, **changed: str) -> Mapping[str, Any]:
    """Return the job's properties as they go over the wire."""
    arm.resources.setdefault(f"codes/tunedrop-{hash_of(files_of(CODE))}/versions/1", {"properties": {}})
    training = ManagedTraining(replace(SETTINGS, **changed), Nobody(), arm=arm, root=CODE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # azure-ai-ml defines schemas in ways that marshmallow calls outdated
        from azure.ai.ml.entities._job.to_rest_functions import to_rest_job_object

        job = training._described(managed(num_train_epochs="2"), base_model("Phi-3.5-mini-instruct"))
        sent: dict[str, Any] = json.loads(json.dumps(to_rest_job_object(job).as_dict()))
    return sent["properties"]


def test_the_trainer_reads_and_writes_mounted_folders():
    job = described(RestWorkspace())
    assert job["command"] == f"python -m trainer {FILES} --num_train_epochs 2"
    assert {name: (one["uri"], one["mode"], one["jobInputType"]) for name, one in job["inputs"].items()} == {
        "training": (f"{FOLDER}/training.jsonl", "ReadOnlyMount", "uri_file"),
        "validation": (f"{FOLDER}/validation.jsonl", "ReadOnlyMount", "uri_file"),
        "weights": (base_model("Phi-3.5-mini-instruct").registry_path, "ReadOnlyMount", "mlflow_model"),
    }
    work, model = job["outputs"]["work"], job["outputs"]["model"]
    assert (work["uri"], work["mode"]) == (f"{FOLDER}/{RUN.job}/", "ReadWriteMount")
    assert (model["assetName"], model["assetVersion"], model["jobOutputType"]) == (RUN.asset, "1", "custom_model")


@pytest.mark.parametrize(
    ("settings", "facts"),
    [
        ({}, {"compute": None, "instance": "Standard_NC24ads_A100_v4", "tier": "Standard", "client": "c"}),
        ({"training_tier": "spot"}, {"tier": "Spot"}),
        ({"training_instance": "Standard_ND96asr_v4", "training_gpus": "8"}, {"processes": 8, "shared": "16g"}),
        ({"training_gpus": "1"}, {"processes": None, "limit": "P2D"}),
        ({"state_limits": "training=7.5,deploying=4"}, {"limit": "PT7H30M"}),
        ({"state_limits": ""}, {"limit": "P2D"}),
        (
            {"training_compute": "gpu-cluster"},
            {"compute": "gpu-cluster", "client": None, "tier": None, "instance": None},
        ),
    ],
)
def test_it_runs_where_the_settings_say(settings: dict[str, str], facts: dict[str, Any]):
    job = described(RestWorkspace(), **settings)
    machine = job.get("resources") or {}
    found = {
        "compute": job.get("computeId"),
        "instance": machine.get("instanceType"),
        "tier": (job.get("queueSettings") or {}).get("jobTier"),
        "client": job["identity"].get("clientId"),
        "processes": (job.get("distribution") or {}).get("processCountPerInstance"),
        "shared": machine.get("shmSize"),
        "limit": job["limits"]["timeout"],
    }
    assert job["identity"]["identityType"] == "Managed"
    assert found | facts == found


def test_without_an_identity_for_the_machines_nothing_is_submitted():
    with pytest.raises(ServiceRefused, match="GPU_TRAINING true") as refused:
        described(RestWorkspace(identities={}))
    assert refused.value.code == PREFLIGHT


@pytest.mark.parametrize(
    "hyperparameters",
    [
        {"learning_rate": "1; rm -rf /"},
        {"learning_rate": "$(id)"},
        {"learning_rate": "--model=/"},
        {"learning_rate": ""},
        {"learning_rate": "1\n2"},
        {"learning rate": "1"},
        {"model;id": "1"},
        {"learning_rate": "1" * 50},
    ],
)
def test_no_shell_sees_what_is_no_hyperparameter(hyperparameters: dict[str, str]):
    with pytest.raises(ServiceRefused):
        command_line(managed(**hyperparameters))


def test_hyperparameters_reach_the_command_line_as_they_are():
    line = command_line(managed(learning_rate="0.00002", packing="true", lora_r="16"))
    assert line.endswith("--learning_rate 0.00002 --packing true --lora_r 16")


def test_the_code_s_name_hangs_on_names_and_contents_only():
    files = {"trainer/a.py": b"1", "trainer/b.py": b"2"}
    assert hash_of(files) == hash_of(dict(reversed(files.items())))
    others: list[Mapping[str, bytes]] = [
        {"trainer/a.py": b"1"},
        {"trainer/a.py": b"12", "trainer/b.py": b""},
        {"trainer/c.py": b"1", "trainer/b.py": b"2"},
    ]
    assert len({hash_of(each) for each in [files, *others]}) == 4


def test_code_that_is_there_is_not_uploaded_again():
    arm = RestWorkspace()
    code = CodeFolder(SETTINGS, Nobody(), arm, CODE)
    path = f"codes/tunedrop-{code.hash}/versions/1"
    arm.resources[path] = {"properties": {}}
    assert code.asset() == f"/workspaces/ws/{path}"
    assert arm.count("PUT", path) == 0


def test_the_trainer_starts_from_the_code_that_is_laid_into_azure(tmp_path: Path):
    for name, content in files_of(ROOT).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    program = [sys.executable, "-m", "trainer", "--help"]
    done = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert (done.returncode, "--base-model" in done.stdout) == (0, True), done.stderr
