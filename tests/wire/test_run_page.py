"""The page of a run: for people who signed in, and nothing in it can do anything."""

import base64
import json
from dataclasses import replace
from types import SimpleNamespace

import aiohttp
import pytest
from starlette.applications import Starlette

from functions import openai_http, run_page
from shared.core.run import State
from shared.guard import Guard
from tests.fakes import FakeKeys
from tests.serving import serving
from tests.unit.inference.asking import NOW
from tests.unit.inference.over_http import AUTHORIZED, route
from tests.unit.inference.test_guard import KEY
from tests.unit.world import World

CLAIMS = [
    {"typ": "http://schemas.microsoft.com/identity/claims/objectidentifier", "val": "ann"},
    {"typ": "roles", "val": "runs"},
]
PRINCIPAL = {"auth_typ": "aad", "claims": CLAIMS, "name_typ": "name", "role_typ": "roles"}
SIGNED_IN = {"x-ms-client-principal": base64.b64encode(json.dumps(PRINCIPAL).encode()).decode()}


@pytest.fixture
def world() -> World:
    """A world in which one dataset was rejected."""
    world = World()
    world.receive(world.drop(content=b"nonsense\n"))
    world.tick(2)
    return world


async def shown(
    world: World, run_id: str, headers: dict[str, str], people_sign_in: bool = True
) -> tuple[int, str, dict[str, str]]:
    """Return what the function answers to somebody with these headers."""
    keys = FakeKeys()
    keys.add(replace(KEY, scopes=frozenset({"runs"})))
    app = SimpleNamespace(
        settings=SimpleNamespace(people_sign_in=people_sign_in),
        guard=Guard(keys, lambda: NOW, signed_in=people_sign_in),
        runs=world.runs,
        backgrounds=world.backgrounds,
    )
    routes = [route("/runs/{id}/page", run_page.run_page, "GET")]
    with pytest.MonkeyPatch.context() as patch:
        for module in (openai_http, run_page):
            patch.setattr(module, "app", lambda: app)
        async with (
            serving(Starlette(routes=routes)) as url,
            aiohttp.ClientSession(url, headers=headers) as http,
            http.get(f"/runs/{run_id}/page", allow_redirects=False) as answer,
        ):
            return answer.status, await answer.text(), dict(answer.headers)


def run_id_of(world: World) -> str:
    return next(iter(world.runs.known_ids()))


@pytest.mark.parametrize("headers", [SIGNED_IN, AUTHORIZED], ids=["signed in", "a key"])
async def test_the_page_says_what_happened_why_and_what_to_do(world: World, headers: dict[str, str]):
    run_id = run_id_of(world)
    status, html, answered = await shown(world, run_id, headers)
    assert (status, answered["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'" in answered["Content-Security-Policy"]
    assert answered["Cache-Control"] == "no-store"
    for said in ("the dataset was rejected", "line 1: not JSON", "What to do next", "received", run_id):
        assert said in html
    assert f'href="https://st.example/reports/{run_id}/report.html?sig=secret"' in html


async def test_a_browser_that_nobody_signed_in_with_is_sent_to_sign_in_and_back(world: World):
    run_id = run_id_of(world)
    status, _html, headers = await shown(world, run_id, {})
    assert status == 302
    assert headers["Location"] == f"/.auth/login/aad?post_login_redirect_uri=/runs/{run_id}/page"


@pytest.mark.parametrize(
    ("run_id", "headers", "people_sign_in", "status"),
    [
        ("", {}, False, 401),
        ("", SIGNED_IN, False, 401),  # without App Service anybody could send this header
        ("", {"x-ms-client-principal": "forged"}, True, 401),
        ("", {"authorization": "Bearer td-wrong"}, True, 401),
        ("r" + "0" * 20, SIGNED_IN, True, 404),
        ("evil.example", {}, True, 401),
    ],
)
async def test_nobody_else_sees_it(
    world: World, run_id: str, headers: dict[str, str], people_sign_in: bool, status: int
):
    answered, html, _headers = await shown(world, run_id or run_id_of(world), headers, people_sign_in)
    assert answered == status
    assert "rejected" not in html


async def test_a_datasets_words_are_text_and_nothing_else(world: World):
    run_id = world.receive(world.drop("<script>alert(1)<script>.jsonl"))
    world.tick(2)
    _status, html, _headers = await shown(world, run_id, SIGNED_IN)
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


async def test_a_run_under_way_has_a_page_too(world: World):
    run_id = world.receive(world.drop("other.jsonl"))
    assert world.run(run_id).state is State.RECEIVED
    status, html, _headers = await shown(world, run_id, SIGNED_IN)
    assert status == 200
    assert "other: received" in html
