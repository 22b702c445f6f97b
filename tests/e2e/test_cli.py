"""`tunedrop` against the whole cloud, as its own program: drop, watch, show, keys, delete. Nothing is trained."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cloud import REPOSITORY, RunningCloud, running_cloud

SAMPLE = REPOSITORY / "samples/support.jsonl"
LIMIT = 240.0  # seconds for one command


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    def json(self) -> list[dict]:
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass(frozen=True)
class Shell:
    """Somebody at a command line, with a key."""

    cloud: RunningCloud
    folder: Path

    def types(self, *arguments: str, key: str | None = None) -> Done:
        address = {"TUNEDROP_URL": self.cloud.functions_url, "TUNEDROP_KEY": key or self.cloud.api_key}
        done = subprocess.run(
            [sys.executable, "-m", "cli", *arguments],
            env=self.cloud.environment() | address,
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def file(self, name: str, content: str) -> str:
        path = self.folder / name
        path.write_text(content, encoding="utf-8")
        return str(path)


@pytest.fixture(scope="module")
def shell(tmp_path_factory) -> Iterator[Shell]:
    with running_cloud() as cloud:
        cloud.train_instantly()
        yield Shell(cloud, tmp_path_factory.mktemp("files"))


def test_a_dropped_dataset_is_watched_until_it_serves_then_deleted(shell: Shell):
    file = shell.file("2026-11-20.jsonl", SAMPLE.read_text("utf-8"))
    done = shell.types("drop", file, "--model", "shell", "--epochs", "1", "--json")
    assert (done.code, done.err) == (0, "")
    dropped, *runs = done.json()
    assert dropped["dataset"] == "shell/2026-11-20.jsonl"
    assert {run["id"] for run in runs} == {dropped["run"]}
    assert runs[-1]["state"] == "serving"
    assert runs[-1]["hyperparameters"]["num_train_epochs"] == "1"
    assert json.loads(shell.types("show", "shell", "--json").out)["id"] == dropped["run"]
    assert shell.types("delete", "shell", "--yes").code == 0
    assert shell.types("watch", dropped["run"]).code == 1  # it ends as deleted


def test_a_dataset_that_only_the_app_rejects_ends_with_1(shell: Shell):
    text = SAMPLE.read_text("utf-8").replace("three years", "three years, tunedrop-test-violence-6")
    done = shell.types("drop", shell.file("harmful.jsonl", text))
    assert (done.code, done.err) == (1, "")
    assert "rejected: " in done.out.splitlines()[-1]


def test_a_key_lives_from_its_creation_to_its_revocation(shell: Shell):
    made = json.loads(shell.types("keys", "create", "--owner", "ann", "--scope", "runs", "--json").out)
    assert shell.types("list", key=made["key"]).code == 0
    assert shell.types("cancel", "harmful", key=made["key"]).code == 2
    assert made["id"] in shell.types("keys", "list").out
    assert shell.types("keys", "revoke", made["id"]).code == 0
    assert made["id"] not in shell.types("keys", "list").out  # the endpoint takes up to 30 s to forget it
