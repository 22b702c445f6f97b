"""GET /runs over a real socket: what is chosen, how it is paged, what is refused."""

import hashlib
from datetime import timedelta
from types import SimpleNamespace

import aiohttp
import pytest
from starlette.applications import Starlette

from functions import openai_http, runs
from shared.guard import Guard
from shared.ports import ApiKey
from tests.fakes import FakeKeys
from tests.serving import serving
from tests.unit.inference.over_http import route
from tests.unit.world import START, World
from tests.wire.test_api_description import misfits

SECRET = "td-reader"

LISTS = [  # query, how many are listed, whether there are more, what is said where it is refused
    ("", 2, False, ""),
    ("?limit=1", 1, True, ""),
    ("?limit=1&after={newer}", 1, False, ""),
    ("?after={older}", 0, False, ""),
    ("?model=support&state=received", 1, False, ""),
    ("?dataset=support.jsonl&limit=100", 1, False, ""),
    ("?model=sales", 1, False, ""),
    ("?model=nobody", 0, False, ""),
    ("?state=done", 0, False, "There is no state 'done'. The states are received, "),
    ("?limit=0", 0, False, "limit must be a number from 1 to 100."),
    ("?limit=101", 0, False, "limit must be a number from 1 to 100."),
    ("?limit=1e2", 0, False, "limit must be a number from 1 to 100."),
    ("?after=r1", 0, False, "after must be the id of a run: the last_id of the page before."),
    ("?after=r00000000000000000000", 0, False, "There is no run 'r00000000000000000000'."),
    ("?status=received", 0, False, "There is no parameter 'status'. There are model, dataset, state, limit and "),
    (f"?model={'m' * 1025}", 0, False, "model is longer than 1024 characters."),
]


@pytest.mark.parametrize(("query", "count", "more", "refusal"), LISTS, ids=[case[0][:40] for case in LISTS])
async def test_runs_are_listed_as_asked(monkeypatch, query, count, more, refusal):
    world, keys = World(), FakeKeys()
    keys.add(ApiKey(hashlib.sha256(SECRET.encode()).hexdigest(), "ann", START, scopes=frozenset({"runs"})))
    app = SimpleNamespace(runs=world.runs, guard=Guard(keys, world.clock))
    for module in (openai_http, runs):
        monkeypatch.setattr(module, "app", lambda: app)
    older = world.receive(world.drop("support.jsonl"))
    world.now += timedelta(minutes=1)
    newer = world.receive(world.drop("sales.jsonl"))
    async with (
        serving(Starlette(routes=[route("/runs", runs.runs, "GET")])) as url,
        aiohttp.ClientSession(url, headers={"Authorization": f"Bearer {SECRET}"}) as http,
        http.get(f"/runs{query.format(newer=newer, older=older)}") as answer,
    ):
        told = await answer.json()
    if refusal:
        assert answer.status == 400
        assert told["error"]["message"].startswith(refusal)
        return
    assert misfits("RunList", told) == []
    assert (answer.status, len(told["data"]), told["has_more"]) == (200, count, more)
    ids = [run["id"] for run in told["data"]]
    assert [told["first_id"], told["last_id"]] == (ids[:1] + ids[-1:] or [None, None])
