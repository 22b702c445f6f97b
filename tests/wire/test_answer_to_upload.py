"""From what a client holds to the upload that its model learned from: each step is found in the log by an id."""

import asyncio
import json
import logging
import re
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest

from shared.errors import ServiceUnavailable
from tests.fakes_inference import BAD, FakeChatModel, FakeSafety, deltas, raising
from tests.unit.inference.asking import Asking, asked
from tests.unit.inference.over_http import AUTHORIZED, functions_over
from tests.unit.world import World

AWAY = ServiceUnavailable("a service", "500")
Made = Callable[[], Asking]


def safety_away() -> Asking:
    return Asking(FakeSafety(trouble=raising(AWAY)))


def model_away() -> Asking:
    return Asking(chat=FakeChatModel(trouble=raising(AWAY)))


def broken_stream() -> Asking:
    return Asking(chat=FakeChatModel(chunks=[*deltas("Hello", finish=None), AWAY]))


async def ids_of(asking: Asking, body: dict[str, Any]) -> tuple[str, str]:
    """Return the ids that a client gets: the request's, and the answer's or an empty text."""
    async with (
        functions_over(asking) as url,
        aiohttp.ClientSession(url, headers=AUTHORIZED) as http,
        http.post("/v1/chat/completions", json=body) as response,
    ):
        request_id, raw = response.headers["x-request-id"], b""
        try:
            async for piece in response.content.iter_any():
                raw += piece
        except aiohttp.ClientPayloadError:
            assert b'"error"' in raw
    first = raw.decode().split("\n\n")[0].removeprefix("data: ")
    return request_id, json.loads(first).get("id", "")


@pytest.mark.parametrize(
    ("made", "body", "said"),
    [
        (Asking, asked(), "answered"),
        (Asking, asked(stream=True), "answered"),
        (Asking, asked(BAD), "failed content_filter: "),
        (safety_away, asked(), "failed content_safety_unavailable"),
        (model_away, asked(stream=True), "failed model_unavailable: "),
        (broken_stream, asked(stream=True), "cut: "),
    ],
)
async def test_a_request_leads_to_its_run_and_the_run_to_its_upload(
    caplog: pytest.LogCaptureFixture, made: Made, body: dict[str, Any], said: str
):
    caplog.set_level(logging.INFO)
    world = World()
    run_id = world.receive(world.drop("support/november.jsonl"))
    await asyncio.to_thread(world.tick, 8)  # it has event loops of its own
    asking = made()
    asking.models = world.models
    request_id, answer_id = await ids_of(asking, body)
    assert answer_id in ("", f"chatcmpl-{request_id}")
    chats = [line for line in caplog.messages if line.startswith("chat ") and request_id in line]
    began = answer_id != "" and body.get("stream", False)  # before the function returns: later lines may get lost
    assert [line.endswith(" began") for line in chats] == [True] * began + [False]
    assert said in chats[-1]
    found = re.search(r" run=(\S+)", chats[0])
    assert found
    assert found[1] == run_id
    assert f"run {found[1]}: recorded (support/november.jsonl)" in caplog.messages
