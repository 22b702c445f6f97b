"""The command line against the app's own functions, over a real socket."""

import asyncio
import hashlib
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from starlette.applications import Starlette

from cli.__main__ import main
from functions import openai_http, runs
from shared.guard import Guard
from shared.ports import ApiKey
from tests.fakes import FakeKeys
from tests.serving import serving
from tests.unit.inference.over_http import route
from tests.unit.world import START, World

READER, MANAGER = "td-reader", "td-manager"
ROUTES = [
    route("/runs", runs.runs, "GET"),
    route("/runs/{id}", runs.run, "GET"),
    route("/runs/{id}/cancel", runs.cancel_run),
    route("/runs/{id}/retry", runs.retry_run),
    route("/runs/{id}", runs.delete_run, "DELETE"),
]


def key(secret: str, *scopes: str) -> ApiKey:
    return ApiKey(hashlib.sha256(secret.encode()).hexdigest(), "ann", START, scopes=frozenset(scopes))


@dataclass
class Person:
    """Somebody at a command line."""

    world: World
    run_id: str
    capsys: pytest.CaptureFixture[str]

    async def types(self, *arguments: str) -> tuple[int, str, str]:
        """Return exit code, output and errors of one command."""
        code = await asyncio.to_thread(main, arguments)
        out, err = self.capsys.readouterr()
        return code, out, err


@pytest.fixture
async def person(monkeypatch, capsys) -> AsyncIterator[Person]:
    world, keys = World(), FakeKeys()
    for each in (key(READER, "runs"), key(MANAGER, "runs", "manage")):
        keys.add(each)
    app = SimpleNamespace(runs=world.runs, commands=world.commands, guard=Guard(keys, world.clock))
    for module in (openai_http, runs):
        monkeypatch.setattr(module, "app", lambda: app)
    async with serving(Starlette(routes=ROUTES)) as url:
        monkeypatch.setenv("TUNEDROP_URL", url)
        monkeypatch.setenv("TUNEDROP_KEY", MANAGER)
        yield Person(world, world.receive(world.drop()), capsys)


async def test_a_run_is_listed_shown_and_watched_to_its_end(person):
    code, out, _ = await person.types("list")
    assert (code, person.run_id in out) == (0, True)
    code, out, _ = await person.types("show", "support", "--json")
    assert (code, json.loads(out)["id"], json.loads(out)["state"]) == (0, person.run_id, "received")
    await asyncio.to_thread(person.world.tick, 6)
    code, out, err = await person.types("watch", "support.jsonl")
    assert (code, err) == (0, "")
    assert [line.split()[3] for line in out.splitlines()][-1] == "serving"


async def test_a_run_is_canceled_tried_again_and_deleted(person):
    for arguments, state in (
        (["cancel", "support"], "canceled"),
        (["cancel", person.run_id], "canceled"),
        (["retry", "support"], "received"),
        (["cancel", "support"], "canceled"),
        (["delete", "support", "--yes"], "deleting"),
        (["delete", person.run_id, "--yes"], "deleting"),
    ):
        code, out, err = await person.types(*arguments, "--json")
        assert (code, err) == (0, ""), arguments
        assert json.loads(out)["state"] == state, arguments
    assert person.world.run(person.run_id).state == "deleting"


async def test_watching_a_run_that_failed_ends_with_1(person):
    await person.types("cancel", person.run_id)
    code, out, _ = await person.types("watch", person.run_id)
    assert code == 1
    assert out.splitlines()[-1].endswith("canceled: canceled by ann")


@pytest.mark.parametrize(
    ("secret", "arguments", "reason"),
    [
        ("td-unknown", ["list"], "says 401"),
        (READER, ["cancel", "support"], "says 403: This API key lacks the scope 'manage'"),
        (MANAGER, ["show", "sales"], "no run of a model or a dataset 'sales'"),
        (MANAGER, ["show", "r" + "0" * 20], "says 404"),
        (MANAGER, ["list", "--state", "done"], "says 400: There is no state 'done'. The states are received, "),
        (MANAGER, ["retry", "support"], "only a failed, canceled or rejected run can be tried again"),
        (MANAGER, ["delete", "support", "--yes"], "cancel it first"),
    ],
)
async def test_what_the_app_refuses_is_said(person, monkeypatch, secret, arguments, reason):
    monkeypatch.setenv("TUNEDROP_KEY", secret)
    code, out, err = await person.types(*arguments)
    assert (code, out) == (2, "")
    assert reason in err
    assert secret not in err


def test_an_app_that_is_not_there_is_said_after_some_tries(monkeypatch, capsys):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    monkeypatch.setattr("cli.api.TRIES", 1)
    monkeypatch.setenv("TUNEDROP_KEY", MANAGER)
    assert main(["list", "--url", url]) == 2
    assert f"{url} does not answer" in capsys.readouterr().err
