"""The HTTP functions over a real socket: statuses, headers, frames, and connections that are cut."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from shared.errors import ServiceUnavailable
from shared.inference.patience import Patience
from tests.fakes_inference import BAD, FakeChatModel, FakeSafety, deltas, hanging, raising
from tests.unit.inference.asking import Asking, asked
from tests.unit.inference.over_http import AUTHORIZED, functions_over
from tests.unit.inference.test_guard import SECRET


@asynccontextmanager
async def serve(asking: Asking) -> AsyncIterator[aiohttp.ClientSession]:
    async with functions_over(asking) as url, aiohttp.ClientSession(url, headers=AUTHORIZED) as http:
        yield http


def events(raw: bytes) -> list:
    *frames, rest = raw.decode().split("\n\n")
    assert rest == ""
    assert all(frame.startswith("data: ") and "\n" not in frame and "\r" not in frame for frame in frames)
    return [frame[6:] if frame == "data: [DONE]" else json.loads(frame[6:]) for frame in frames]


async def until_cut(response: aiohttp.ClientResponse) -> bytes:
    raw = b""
    try:
        async for piece in response.content.iter_any():
            raw += piece
    except aiohttp.ClientPayloadError:
        return raw
    pytest.fail("the stream ended as if all were well")


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/chat/completions?api-version=2024-05-01-preview"])
async def test_both_routes_answer_whole_and_streamed(path):
    async with serve(Asking()) as http:
        async with http.post(path, json=asked()) as response:
            body = await response.json()
            assert response.headers["content-type"] == "application/json"
            assert len(response.headers["x-request-id"]) == 32
        assert body["choices"][0]["message"]["content"] == "Hello there."
        async with http.post(path, json=asked(stream=True)) as response:
            *chunks, done = events(await response.read())
            assert response.headers["content-type"].startswith("text/event-stream")
            assert len(response.headers["x-request-id"]) == 32
    assert done == "[DONE]"
    assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks) == "Hello there."


@pytest.mark.parametrize("stream", [False, True])
async def test_a_blocked_prompt_is_azures_400(stream):
    async with (
        serve(Asking()) as http,
        http.post("/v1/chat/completions", json=asked(BAD, stream=stream)) as response,
    ):
        error = (await response.json())["error"]
    assert (response.status, error["code"], error["param"], error["status"]) == (
        400,
        "content_filter",
        "prompt",
        400,
    )
    assert error["innererror"]["code"] == "ResponsibleAIPolicyViolation"
    assert error["innererror"]["content_filter_result"]["violence"] == {"filtered": True, "severity": "high"}


@pytest.mark.parametrize(
    ("headers", "body", "status", "code"),
    [
        ({"authorization": "Bearer wrong"}, b"{}", 401, "invalid_api_key"),
        ({"authorization": ""}, b"{}", 401, "invalid_api_key"),
        ({"authorization": "", "api-key": SECRET}, b"{}", 400, "missing_required_parameter"),
        ({}, b"", 400, "invalid_json"),
        ({}, b"{", 400, "invalid_json"),
        ({}, b"\xff", 400, "invalid_json"),
        ({}, b"[" * 100_000, 400, "invalid_json"),
        ({}, json.dumps(asked("\ud800")).encode(), 400, "invalid_json"),
        ({}, b'{"a": NaN}', 400, "invalid_json"),
        ({}, b" " * 1_000_001, 413, "request_too_large"),
        ({}, json.dumps({**asked(), "model": "nobody"}).encode(), 404, "model_not_found"),
        ({}, json.dumps(asked(surprise=1)).encode(), 400, "unknown_parameter"),
        (
            {"extra-parameters": "pass-through"},
            json.dumps({**asked(), "surprise": 1, "n": 0}).encode(),
            400,
            "invalid_value",
        ),
    ],
)
async def test_errors_have_openais_shape(headers, body, status, code):
    async with serve(Asking()) as http, http.post("/v1/chat/completions", data=body, headers=headers) as response:
        error = (await response.json())["error"]
    assert (response.status, error["code"], error["type"]) == (status, code, "invalid_request_error")
    assert error["message"]
    assert response.headers["x-request-id"]


async def test_an_outage_says_when_to_come_back():
    safety = FakeSafety(trouble=raising(ServiceUnavailable("content safety", "503", 7)))
    async with serve(Asking(safety)) as http, http.post("/v1/chat/completions", json=asked()) as response:
        error = (await response.json())["error"]
    assert (response.status, error["code"], error["type"]) == (503, "content_safety_unavailable", "server_error")
    assert response.headers["retry-after"] == "7"


@pytest.mark.parametrize(
    "broken", [ServiceUnavailable("model", "no answer"), RuntimeError(f"{BAD} in our own code")]
)
async def test_a_broken_stream_has_an_error_event_and_is_cut(broken, caplog):
    chat = FakeChatModel(chunks=[*deltas("Hello", finish=None), broken])
    async with (
        serve(Asking(chat=chat)) as http,
        http.post("/v1/chat/completions", json=asked(stream=True)) as response,
    ):
        raw = await until_cut(response)
    assert events(raw)[-1]["error"]["code"] == "model_unavailable"
    assert BAD not in raw.decode()
    ours = [record for record in caplog.records if record.name.startswith(("shared", "functions"))]
    assert ours
    assert not any(BAD in record.getMessage() for record in ours)


async def test_a_client_that_hangs_up_ends_the_models_work():
    chat = FakeChatModel(chunks=[*deltas(*["word "] * 200, finish=None), hanging])
    stream = asked(stream=True)
    async with serve(Asking(chat=chat)) as http, http.post("/v1/chat/completions", json=stream) as response:
        await response.content.readany()
        response.close()
    assert (chat.ended, chat.canceled) == (1, 1)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("place", ["model", "check"])
async def test_a_client_that_leaves_before_the_first_word_ends_all_work_at_once(place, stream):
    begun, ended = asyncio.Event(), asyncio.Event()

    async def trouble():
        begun.set()
        try:
            await hanging()
        finally:
            ended.set()

    asking = Asking(patience=Patience(60, 60))
    (asking.chat if place == "model" else asking.safety).trouble = trouble
    async with asyncio.timeout(10), serve(asking) as http:
        asked_for = asyncio.create_task(http.post("/v1/chat/completions", json=asked(stream=stream)))
        await begun.wait()
        asked_for.cancel()
        await ended.wait()
    assert asking.chat.ended == len(asking.chat.asked)


async def test_models_are_listed_and_found():
    model = {"id": "support", "object": "model", "created": 1795176000, "owned_by": "tunedrop"}
    async with serve(Asking()) as http:
        for path, status, body in (
            ("/v1/models", 200, {"object": "list", "data": [model]}),
            ("/v1/models/support", 200, model),
            ("/v1/models/nobody", 404, None),
            ("/info", 200, None),
            ("/v1/embeddings", 404, None),
        ):
            async with http.get(path) as response:
                assert response.status == status
                found = await response.json()
                assert body in (None, found)
                assert (status == 404) == ("error" in found)
                assert response.headers["x-request-id"]


async def test_logs_hold_no_text_and_no_key(caplog):
    caplog.set_level(logging.DEBUG)
    chat = FakeChatModel(chunks=deltas("Secret answer"))
    async with serve(Asking(chat=chat)) as http:
        for body in (asked("Secret question"), asked("Secret question", stream=True), asked(f"Secret {BAD}")):
            async with http.post("/v1/chat/completions", json=body) as response:
                await response.read()
    ours = [record.getMessage() for record in caplog.records if record.name.startswith(("shared", "functions"))]
    assert (
        len([line for line in ours if line.startswith("chat ")]) == 4
    )  # one for each, and the stream's beginning
    assert not any(text in line for line in ours for text in ("Secret", BAD, "Hello", SECRET))
