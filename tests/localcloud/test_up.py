"""`python -m localcloud up` as a person runs it: what it says, what it leaves, how it ends."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.parse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from starlette.applications import Starlette

from localcloud.app_settings import child_environment
from localcloud.azurite import azurite_command
from localcloud.certificates import Certificates
from localcloud.errors import MissingProgramError, NotReadyError, NotRunningError, RootInUseError
from localcloud.hosting import served
from localcloud.ports import DEFAULT, HOST, bound, free_socket, open_ports, port_of
from localcloud.root_folder import Root
from localcloud.stand_ins import urls_of
from tests.cloud import REPOSITORY, RunningCloud, eventually, get_json, running_cloud

SMALL_APP = "tests.localcloud.apps.small_app"
TLS = Certificates(Path("ca.pem"), Path("server.pem"), Path("server-key.pem"))


def command_line(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "localcloud", *arguments],
        cwd=REPOSITORY,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_env_prints_the_settings_for_a_shell(cloud: RunningCloud) -> None:
    answer = command_line("env", "--root", str(cloud.logs.parent))
    shown = subprocess.run(
        ["sh", "-c", f"{answer.stdout}\nenv"], capture_output=True, text=True, check=True, timeout=10
    ).stdout.splitlines()
    assert {f"{name}={value}" for name, value in cloud.settings.items()} <= set(shown)


def test_drop_uploads_a_file_into_the_container_of_datasets(cloud: RunningCloud, tmp_path: Path) -> None:
    file = tmp_path / "dropped.jsonl"
    file.write_text("{}\n")
    answer = command_line("drop", str(file), "--name", "team/dropped.jsonl", "--root", str(cloud.logs.parent))
    assert answer.stdout.endswith("/datasets/team/dropped.jsonl\n")
    subject = "/blobServices/default/containers/datasets/blobs/team/dropped.jsonl"
    eventually(lambda: subject in [e["subject"] for e in get_json(f"{cloud.functions_url}/seen")["events"]])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["env"], "no local cloud is ready in .*; start it: python -m localcloud up"),
        (["drop", "nowhere.jsonl"], "no local cloud is ready"),
    ],
)
def test_a_mistake_ends_with_its_reason(arguments: list[str], says: str, tmp_path: Path) -> None:
    answer = command_line(*arguments, "--root", str(tmp_path))
    assert answer.returncode == 1
    assert re.search(says, answer.stderr), answer.stderr
    assert "Traceback" not in answer.stderr


def test_an_app_that_cannot_be_indexed_ends_the_host_with_its_reason(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "localcloud.functions_host", "--port", "0", "--app", "no_such_app"]
    command += ["--keys", str(tmp_path / "keys.json")]
    answer = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr.startswith("functions host: cannot import no_such_app")


def test_node_is_missed_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MissingProgramError, match=r"node.*PATH.*Node\.js 20.*Install"):
        azurite_command(REPOSITORY, TLS, DEFAULT, None)


def test_azurite_is_missed_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(MissingProgramError, match="npm ci"):
        azurite_command(tmp_path, TLS, DEFAULT, None)


def test_azurite_listens_on_loopback_only_and_phones_nobody() -> None:
    command = azurite_command(REPOSITORY, TLS, DEFAULT, None)
    hosts = [value for name, value in pairwise(command) if name.endswith("Host")]
    assert hosts == [HOST] * 3
    assert {"--disableTelemetry", "--inMemoryPersistence"} <= set(command)


def test_a_taken_port_is_named_and_replaced() -> None:
    said: list[str] = []
    taken = bound(DEFAULT["control"])
    sockets = open_ports("default", said.append)
    chosen = port_of(sockets["control"])
    for one in [*sockets.values(), *([taken] if taken else [])]:
        one.close()
    assert chosen != DEFAULT["control"]
    assert f"port {DEFAULT['control']} for control is taken by another program; using {chosen}" in said


def test_urls_speak_tls_but_where_the_real_thing_does_not() -> None:
    urls = urls_of(DEFAULT, "devstoreaccount1")
    assert {name for name, url in urls.items() if url.startswith("http:")} == {
        "functions",
        "identity",
        "inbox_page",
        "control",
    }
    assert not any(url.endswith("/") for url in urls.values())
    assert {urllib.parse.urlsplit(url).hostname for url in urls.values()} == {"localhost", HOST}


def test_a_person_s_own_azure_account_stays_outside() -> None:
    outside = {"AZURE_CLIENT_SECRET": "mine", "AzureWebJobsStorage": "mine", "PATH": "/bin"}
    inside = child_environment({"AZURE_ML_WORKSPACE": "tunedrop"}, outside)
    assert "mine" not in inside.values()
    assert (inside["PATH"], inside["AZURE_ML_WORKSPACE"]) == ("/bin", "tunedrop")


@pytest.mark.parametrize(("keep", "left"), [(False, ["logs"]), (True, ["logs", "state"])])
def test_a_root_is_left_clean(keep: bool, left: list[str], tmp_path: Path) -> None:
    stranger = tmp_path / "notes.txt"
    stranger.write_text("not ours")
    root = Root(tmp_path)
    with root.taken(keep):
        root.announce({"settings": {}})
        assert root.description() == {"settings": {}}
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted([*left, stranger.name])
    with pytest.raises(NotRunningError):
        root.description()


def test_a_root_has_one_owner(tmp_path: Path) -> None:
    with Root(tmp_path).taken(keep=False):
        with pytest.raises(RootInUseError, match="--root"), Root(tmp_path).taken(keep=False):
            pytest.fail("two local clouds own one folder")
        assert (tmp_path / "state").exists()


def listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def ports(cloud: RunningCloud) -> list[int]:
    return [urllib.parse.urlsplit(url).port or 0 for url in cloud.urls.values()]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_nothing_outlives_the_local_cloud(number: signal.Signals, tmp_path: Path) -> None:
    with running_cloud(app=SMALL_APP, root=tmp_path) as cloud:
        assert all(map(listening, ports(cloud)))
        os.kill(cloud.pid, number)
        eventually(lambda: not any(map(listening, ports(cloud))))
        if number is not signal.SIGKILL:
            eventually(lambda: sorted(one.name for one in tmp_path.iterdir()) == ["logs"])


def test_a_child_that_dies_ends_the_local_cloud_with_its_log(tmp_path: Path) -> None:
    with running_cloud(app=SMALL_APP, root=tmp_path) as cloud:
        assert cloud.send_event("dataset-uploaded", {"id": "e", "data": {"do": "die"}}) == [0]
        eventually(lambda: "the Functions host ended by itself (exit 3)" in cloud.output.read_text())
        assert "Executing 'Functions.dataset_uploaded'" in cloud.output.read_text()


def test_the_functions_host_comes_back_after_a_crash(cloud: RunningCloud) -> None:
    before = get_json(f"{cloud.functions_url}/seen")
    cloud.restart_host()
    assert before["ticks"]
    assert cloud.send_event("dataset-uploaded", {"id": "after", "data": {}}) == [202]
    assert [event["id"] for event in get_json(f"{cloud.functions_url}/seen")["events"]] == ["after"]


def test_without_a_host_the_subscriptions_wait_for_somebody_elses(tmp_path: Path) -> None:
    with running_cloud(host=False, root=tmp_path, keep=True) as cloud:
        port = str(urllib.parse.urlsplit(cloud.functions_url).port)
        command = [sys.executable, "-m", "localcloud.functions_host", "--port", port, "--app", SMALL_APP]
        keys = tmp_path / "keys.json"
        keys.write_text(json.dumps({"default": "", "eventgrid_extension": "", "master": "m"}))
        host = subprocess.Popen([*command, "--keys", str(keys)], cwd=REPOSITORY, env=cloud.environment())
        try:
            health = f"{cloud.control_url}/health"
            eventually(lambda: get_json(health)["subscriptions"])
        finally:
            host.terminate()
            host.wait(timeout=10)
    assert (tmp_path / "state" / "azurite").exists()


async def test_a_stand_in_that_cannot_start_ends_the_start_with_a_reason() -> None:
    @asynccontextmanager
    async def broken(_app: Starlette) -> AsyncIterator[None]:
        raise ValueError("no")
        yield

    with pytest.raises(NotReadyError, match="did not start"):
        async with served(Starlette(lifespan=broken), free_socket(), None):
            pytest.fail("it serves")
