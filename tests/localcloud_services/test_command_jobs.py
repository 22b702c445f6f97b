"""Command jobs: what they see, what becomes of what they write, and how they end."""

import json
from pathlib import Path
from typing import Any

import pytest

from localcloud.control import Training
from tests.localcloud_services.commands import (
    PHI3,
    command_body,
    ended,
    error_of,
    output,
    prepared,
    put,
    seen,
    submit,
)
from tests.localcloud_services.conftest import JOBS, MODELS, STAND_IN_TRAINER, Served, W, calm, served_cloud

SPOT = {"queueSettings": {"jobTier": "Spot"}}
MODEL = {"jobOutputType": "custom_model", "mode": "ReadWriteMount"}


@pytest.fixture(scope="module")
def cloud(here: Served) -> Served:
    return prepared(here)


def given(uri: str, kind: str = "uri_file") -> dict[str, str]:
    return {"jobInputType": kind, "mode": "ReadOnlyMount", "uri": uri}


def test_a_command_finds_its_inputs_and_its_outputs_are_kept(cloud: Served):
    cloud.blobs["reports/r1/training.jsonl"] = b"{}\n"
    cloud.blobs["reports/r1/more/a.txt"] = b"a"
    inputs = {
        "training": given("azureml://datastores/tunedrop/paths/r1/training.jsonl"),
        "more": given(f"{cloud.urls['blob']}/reports/r1/more", "uri_folder"),
        "weights": given(PHI3, "custom_model"),
        "epochs": {"jobInputType": "literal", "value": "3"},
    }
    words = "${{inputs.training}} ${{inputs.more}} ${{inputs.weights}} ${{inputs.epochs}} --rate 2e-05"
    submit(cloud, "sees", words, inputs=inputs)
    assert ended(cloud, "sees") == "Completed"
    training, more, weights, epochs, *_rest = seen(cloud, "sees")["arguments"]
    assert Path(training).read_bytes() == b"{}\n"
    assert [file.name for file in Path(more).iterdir()] == ["a.txt"]
    assert json.loads(Path(weights, "config.json").read_text())["model_type"] == "phi3"
    assert epochs == "3"
    log = cloud.cloud.shared["workspace"].jobs["sees"].folder / "job.stdout"
    assert "LOCAL CLOUD: Phi-3-mini-4k-instruct is not here" in log.read_text()


def test_a_command_is_told_what_azure_ml_tells(cloud: Served):
    submit(cloud, "told")
    assert ended(cloud, "told") == "Completed"
    told = seen(cloud, "told")["environment"]
    assert told["AZUREML_RUN_ID"] == told["MLFLOW_RUN_ID"] == "told"
    assert told["MLFLOW_TRACKING_URI"] == f"azureml://{cloud.urls['arm'].removeprefix('https://')}/mlflow/v1.0{W}"
    assert told["MLFLOW_EXPERIMENT_NAME"] == "tunedrop"
    assert told["AZURE_ML_OUTPUT_work"].endswith("/outputs/work")
    assert told["OWN"] == "yes"
    assert told["OMP_NUM_THREADS"] == "1"
    assert "RANK" not in told
    assert "IDENTITY_HEADER" not in told


def test_a_model_output_is_registered_under_the_version_that_was_asked_for(cloud: Served):
    outputs = {"work": MODEL | {"assetName": "merged", "assetVersion": "1"}}
    submit(cloud, "registers", outputs=outputs)
    assert ended(cloud, "registers") == "Completed"
    model = cloud.arm("GET", "/models/merged/versions/1", MODELS).body["properties"]
    assert (model["modelType"], model["jobName"]) == ("custom_model", "registers")
    submit(cloud, "registers-again", outputs=outputs)
    assert ended(cloud, "registers-again") == "Failed"
    assert "merged:1 exists already" in error_of(cloud, "registers-again")["message"]


def test_a_failed_command_tells_its_last_line_and_keeps_what_it_wrote(cloud: Served):
    submit(cloud, "fails-badly", "fail")
    assert ended(cloud, "fails-badly") == "Failed"
    assert error_of(cloud, "fails-badly") == {"code": "UserError", "message": "nothing works"}
    assert seen(cloud, "fails-badly")["arguments"] == ["fail"]


@pytest.mark.parametrize(
    ("name", "changes", "reason"),
    [
        ("no-words", {"command": "exit 7"}, "exit code 7"),
        ("no-data", {"inputs": {"x": given("azureml://datastores/tunedrop/paths/none.txt")}}, "was not found"),
        (
            "no-folder",
            {"inputs": {"x": given("azureml://datastores/tunedrop/paths/none/", "uri_folder")}},
            "nothing at",
        ),
        ("no-store", {"inputs": {"x": given("azureml://datastores/other/paths/x")}}, "no datastore 'other'"),
        ("no-model", {"command": "true", "outputs": {"m": MODEL | {"assetName": "no"}}}, "wrote nothing"),
    ],
)
def test_a_command_that_cannot_go_on_fails_with_the_reason(
    cloud: Served, name: str, changes: dict[str, Any], reason: str
):
    submit(cloud, name, **changes)
    assert ended(cloud, name) == "Failed"
    assert reason in error_of(cloud, name)["message"]


def test_several_processes_know_of_each_other(cloud: Served):
    command = 'echo "$RANK $LOCAL_RANK $WORLD_SIZE $NODE_RANK $MASTER_ADDR" > ${{outputs.work}}/$RANK'
    distribution = {"distributionType": "PyTorch", "processCountPerInstance": 2}
    submit(cloud, "several", command=command, distribution=distribution)
    assert ended(cloud, "several") == "Completed"
    told = [cloud.blobs[f"reports/out/several/{rank}"].split() for rank in (0, 1)]
    assert told == [[b"0", b"0", b"2", b"0", b"127.0.0.1"], [b"1", b"1", b"2", b"0", b"127.0.0.1"]]


def test_one_process_that_fails_ends_the_others(cloud: Served):
    command = 'if [ $RANK = 1 ]; then echo "rank 1 broke" >&2; exit 1; fi; sleep 600'
    submit(
        cloud,
        "one-breaks",
        command=command,
        distribution={"distributionType": "PyTorch", "processCountPerInstance": 2},
    )
    assert ended(cloud, "one-breaks") == "Failed"
    assert error_of(cloud, "one-breaks")["message"] == "rank 1 broke"


def test_a_command_runs_no_longer_than_its_limit(cloud: Served):
    submit(cloud, "too-long", command="sleep 600", limits={"timeout": "PT0.5S", "jobLimitsType": "Command"})
    assert ended(cloud, "too-long") == "Canceled"
    assert "its limit of 0.5 s" in error_of(cloud, "too-long")["message"]


def test_a_command_is_canceled_with_everything_that_it_started(cloud: Served):
    submit(cloud, "to-cancel", command="sleep 600 & echo $! > ${{outputs.work}}/child; wait")
    folder = cloud.cloud.shared["workspace"].jobs["to-cancel"].folder
    child = folder / "outputs/work/child"
    cloud.until(lambda: child.read_text() and "there" if child.exists() else "", "there")
    assert cloud.arm("POST", "/jobs/to-cancel/cancel", "2023-04-01-preview").status == 202
    assert ended(cloud, "to-cancel") == "Canceled"
    pid = child.read_text().strip()
    assert cloud.blobs["reports/out/to-cancel/child"].decode().strip() == pid
    cloud.until(lambda: _life(pid), "gone")


def _life(pid: str) -> str:
    """Return whether a process is gone, or dead with nobody who asks for its end."""
    try:
        return "gone" if ") Z" in Path(f"/proc/{pid}/stat").read_text() else "alive"
    except OSError:
        return "gone"


def test_a_job_whose_machine_was_taken_away_goes_on_in_the_same_folders(cloud: Served):
    submit(cloud, "loses", "stay", **SPOT)
    job = cloud.cloud.shared["workspace"].jobs["loses"]
    been = job.folder / "outputs/work/been.here"
    cloud.until(lambda: "there" if been.exists() else "", "there")
    preempt = cloud.cloud.control.preempt
    assert preempt is not None
    assert preempt("loses") is None
    assert ended(cloud, "loses") == "Completed"
    assert job.statuses[-6:] == ["Preparing", "Running", "Queued", "Running", "Finalizing", "Completed"]
    assert job.preemptions == 1
    assert preempt("loses") == "job 'loses' is Completed: it runs on no machine"
    assert preempt("nobody") == "there is no job 'nobody'"


def test_bad_weather_takes_a_spot_machine_away_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("localcloud.azure_ml.command_jobs.LOSES_AFTER", (0.5, 0.6))
    rough = calm()
    rough.preempted = 1.0
    with served_cloud(tmp_path, STAND_IN_TRAINER, rough) as cloud:
        prepared(cloud)
        submit(
            cloud,
            "stormy",
            command="[ -e ${{outputs.work}}/x ] || { touch ${{outputs.work}}/x; sleep 600; }",
            **SPOT,
        )
        assert ended(cloud, "stormy") == "Completed"
        submit(cloud, "dedicated", command="true")
        assert ended(cloud, "dedicated") == "Completed"
        lost = {name: job.preemptions for name, job in cloud.cloud.shared["workspace"].jobs.items()}
        assert lost == {"stormy": 1, "dedicated": 0}


def test_without_quota_nothing_runs(cloud: Served):
    cloud.cloud.control.quota = {"standardNCADSA100v4Family": 0}
    try:
        submit(cloud, "no-quota")
        assert ended(cloud, "no-quota") == "Failed"
    finally:
        cloud.cloud.control.quota = {}
    assert (
        "standardNCADSA100v4Family has a limit of 0 vCPUs, and 24 are needed"
        in error_of(cloud, "no-quota")["message"]
    )


def test_an_instant_command_registers_its_model_without_running(cloud: Served):
    cloud.cloud.control.training = Training("instant")
    try:
        submit(
            cloud,
            "at-once",
            "fail",
            outputs={"work": output("at-once"), "m": MODEL | {"assetName": "instant-model"}},
        )
        assert ended(cloud, "at-once") == "Completed"
    finally:
        cloud.cloud.control.training = Training()
    assert cloud.arm("GET", "/models/instant-model/versions/1", MODELS).status == 200


def test_an_environment_that_cannot_be_built_fails_the_job(cloud: Served):
    conda = "dependencies:\n- python=3.11\n- pip:\n  - torch==0.0.1\n"
    put(cloud, "/environments/missing/versions/1", {"image": "x", "condaFile": conda})
    submit(cloud, "unbuilt", environmentId=f"{W}/environments/missing/versions/1")
    assert ended(cloud, "unbuilt") == "Failed"
    assert "image build of environment missing:1 failed: package torch" in error_of(cloud, "unbuilt")["message"]


def test_the_same_command_again_is_that_job(cloud: Served):
    submit(cloud, "twice-told")
    assert cloud.arm("PUT", "/jobs/twice-told", JOBS, command_body("twice-told")).status == 200
    assert cloud.arm("PUT", "/jobs/twice-told", JOBS, command_body("twice-told", "fail")).status == 409
    assert ended(cloud, "twice-told") == "Completed"
