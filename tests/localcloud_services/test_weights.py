"""Where a folder with real weights is given, jobs train on it instead of the small stand-in."""

from pathlib import Path

import pytest

from localcloud.__main__ import main
from localcloud.azure_ml.fine_tuning import arguments
from localcloud.azure_ml.workspace import Job
from tests.localcloud_services.conftest import job_body


@pytest.mark.parametrize(
    ("weights", "base"), [(None, "Phi-4-mini-instruct"), (Path("/models/phi"), "/models/phi")]
)
def test_a_job_trains_on_the_weights_that_are_given(tmp_path: Path, weights: Path | None, base: str):
    job = Job("j", job_body("azureml://datastores/tunedrop/paths/r1/training.jsonl"), tmp_path)
    command = arguments(job, tmp_path / "t", tmp_path / "v", weights)
    assert command[command.index("--base-model") + 1] == base


def test_a_folder_without_a_model_is_refused_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    root = str(tmp_path / "root")
    assert main(["up", "--root", root, "--ports", "free", "--weights", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert str(tmp_path) in said
    assert "config.json" in said
