"""`tunedrop drop` against the storage emulator: what is checked is what is dropped, the dataset last."""

import json
from pathlib import Path

import pytest
from azure.storage.blob import ContainerClient

from cli import drop as module
from cli.__main__ import main
from cli.api import Api
from cli.watching import looks
from shared.core import names
from tests.contract.conftest import Real
from tests.unit.cli_app import ScriptedApp, run
from tests.unit.dataset.examples import file_of, good

CONTENT = file_of(fill=60)


@pytest.fixture
def container(real: Real, monkeypatch) -> ContainerClient:
    monkeypatch.setattr(module, "credential", lambda: real.credential)
    return ContainerClient(real.settings.blob_url, "datasets", real.credential)


@pytest.fixture
def model(run) -> str:
    return f"m{run.id}"


@pytest.fixture
def file(tmp_path: Path, model: str) -> Path:
    path = tmp_path / f"{model}.jsonl"
    path.write_bytes(CONTENT)
    return path


def lying(container: ContainerClient, model: str) -> dict[str, bytes]:
    """Return what lies in the container for a model, in the order of its arrival."""
    blobs = [blob for blob in container.list_blobs() if blob.name.startswith(model)]
    return {blob.name: container.download_blob(blob.name).readall() for blob in blobs}


def drop(file: Path, *options: str) -> int:
    return main(["drop", str(file), "--no-watch", *options])


def test_a_dataset_is_dropped_under_its_own_name(container, file, model, capsys):
    assert drop(file) == 0
    assert lying(container, model) == {f"{model}.jsonl": CONTENT}
    properties = container.get_blob_client(f"{model}.jsonl").get_blob_properties()
    run_id = names.run_id(container.get_blob_client(f"{model}.jsonl").url, properties.etag)
    said = capsys.readouterr().out.splitlines()
    assert said == [f"Dropped {model}.jsonl. Its run: {run_id}", f"Next: tunedrop watch {run_id}"]


def test_a_file_of_another_name_goes_into_the_folder_of_its_model(container, tmp_path, model):
    path = tmp_path / "2026-11-20.jsonl"
    path.write_bytes(CONTENT)
    assert drop(path, "--model", model) == 0
    assert lying(container, model) == {f"{model}/2026-11-20.jsonl": CONTENT}


def test_what_lies_beside_is_uploaded_before_the_dataset(container, file, model, monkeypatch, capsys):
    aside = b"\n".join(good(number) for number in range(300, 320)) + b"\n"
    validation = b"\n".join(good(number) for number in range(200, 220)) + b"\n"
    file.with_name(f"{model}.validation.jsonl").write_bytes(validation)
    file.with_name(f"{model}.yaml").write_bytes(f"held_out: {model}.held-out.jsonl\n".encode())
    file.with_name(f"{model}.held-out.jsonl").write_bytes(aside)
    order: list[str] = []
    put = module.Uploads.put
    monkeypatch.setattr(
        module.Uploads, "put", lambda self, path, *rest: (order.append(path), put(self, path, *rest))[1]
    )
    assert drop(file) == 0, capsys.readouterr()
    assert order == [f"{model}{end}" for end in (".yaml", ".held-out.jsonl", ".validation.jsonl", ".jsonl")]
    assert lying(container, model)[f"{model}.validation.jsonl"] == validation
    assert lying(container, model)[f"{model}.held-out.jsonl"] == aside


def test_what_options_choose_becomes_the_manifest_here_and_there(container, file, model):
    options = ["--epochs", "2", "--owner", "ann@example.com", "--set", "learning_rate=1e-4", "--strict"]
    manifest = b"epochs: 2\nowner: ann@example.com\nstrict: true\nlearning_rate: 1e-4\n"
    assert drop(file, *options) == 0
    assert file.with_name(f"{model}.yaml").read_bytes() == manifest
    assert lying(container, model)[f"{model}.yaml"] == manifest
    assert drop(file, *options) == 0  # the same again is no conflict


@pytest.mark.parametrize(
    ("options", "code", "manifest"), [([], 2, b"epochs: 5\n"), (["--force"], 0, b"epochs: 2\n")]
)
def test_a_manifest_that_says_other_things_is_replaced_by_force_only(
    container, file, model, options, code, manifest
):
    file.with_name(f"{model}.yaml").write_bytes(b"epochs: 5\n")
    assert drop(file, "--epochs", "2", *options) == code
    assert file.with_name(f"{model}.yaml").read_bytes() == manifest
    assert lying(container, model).get(f"{model}.yaml") == (manifest if code == 0 else None)


@pytest.mark.parametrize(
    ("content", "options", "reason"),
    [
        (b"{}\n" * 20, [], "Not fit to train on"),
        (CONTENT, ["--epochs", "99"], "epochs: must be a whole number from 1 to 10"),
        (CONTENT, ["--set", "epoch=1"], "unknown key 'epoch'"),
        (CONTENT, ["--base-model", "Phi-3-small-8k-instruct"], "retired"),
    ],
)
def test_a_dataset_that_would_be_rejected_is_not_dropped(container, file, model, capsys, content, options, reason):
    file.write_bytes(content)
    assert drop(file, *options) == 1
    said = capsys.readouterr().out
    assert reason in said
    assert said.splitlines()[-1] == "Nothing was dropped."
    assert lying(container, model) == {}
    assert not file.with_name(f"{model}.yaml").exists()


def test_a_rejected_dataset_as_json_is_its_report(container, file, model, capsys):
    file.write_bytes(b"{}\n" * 20)
    assert drop(file, "--json") == 1
    assert json.loads(capsys.readouterr().out)["accepted"] is False


@pytest.mark.parametrize("beside", [".yaml", ".validation.jsonl"])
@pytest.mark.parametrize(("options", "code"), [([], 2), (["--keep"], 0)])
def test_what_lies_in_the_container_only_is_not_used_unawares(
    container, file, model, capsys, beside, options, code
):
    container.upload_blob(f"{model}{beside}", b"epochs: 9\n")
    assert drop(file, *options) == code
    assert (f"{model}.jsonl" in lying(container, model)) == (code == 0)
    assert ("--keep" in capsys.readouterr().err) == (code == 2)


def test_the_run_is_watched_to_its_end(container, file, model, monkeypatch, capsys):
    app = ScriptedApp()

    def connected(_url: str | None) -> Api:
        return app.api()

    def looked(api, run_id, **options):
        app.answers(f"GET /runs/{run_id}", (404, {"error": {"message": "", "code": "run_not_found"}}))
        app.answers(f"GET /runs/{run_id}", run("training", run_id), run("serving", run_id))
        return looks(api, run_id, sleep=app.waits.append, **options)

    monkeypatch.setattr(module, "connected", connected)
    monkeypatch.setattr(module, "looks", looked)
    assert main(["drop", str(file), "--json"]) == 0
    dropped, training, serving = map(json.loads, capsys.readouterr().out.splitlines())
    assert (dropped["object"], dropped["dataset"]) == ("drop", f"{model}.jsonl")
    assert (training["id"], training["state"]) == (dropped["run"], "training")
    assert (serving["id"], serving["state"]) == (dropped["run"], "serving")


@pytest.mark.parametrize(
    ("variables", "options", "reason"),
    [
        ({"AzureWebJobsStorage__blobServiceUri": ""}, ["--no-watch"], "Give its URL with --account-url"),
        ({}, ["--no-watch", "--account-url", "http://account.blob.core.windows.net"], "must begin with https://"),
        ({}, ["--no-watch", "--account-url", "https://a.net/?sv=1&sig=secret"], "must look like"),
        ({}, ["--no-watch", "--account-url", "https://127.0.0.1:1/account"], "blob storage: no answer"),
        ({}, ["--no-watch", "--set", "epochs"], "must be KEY=VALUE"),
        ({}, ["--no-watch", "--model", "no name"], "is no name for a model"),
        ({"TUNEDROP_URL": ""}, [], "set TUNEDROP_URL"),
        ({"TUNEDROP_URL": "https://app.example.com", "TUNEDROP_KEY": ""}, [], "set TUNEDROP_KEY"),
    ],
)
def test_what_is_missing_is_said_before_anything_is_uploaded(
    container, file, model, monkeypatch, capsys, variables, options, reason
):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert main(["drop", str(file), *options]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert reason in err
    assert "secret" not in err
    assert lying(container, model) == {}
