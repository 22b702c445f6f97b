"""The model, keys and tokens against a scripted server: odd answers become our errors, keys are renewed."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from starlette.responses import StreamingResponse

from shared.errors import NotFound, ServiceRefused, ServiceUnavailable, TimedOut, TooManyRequests
from shared.gateways.http_pool import HttpPool
from shared.gateways.tokens import Tokens
from tests.unit.inference.asking import NOW
from tests.wire.scripted import Credential, reply

REQUEST = {"messages": [{"role": "user", "content": "Hello?"}]}


async def test_a_model_is_asked_with_its_endpoints_key(world):
    world.servers.answers = [reply({"choices": []}), reply({"choices": []})]
    for _ in range(2):
        assert await world.chat.complete(world.served, REQUEST) == {"choices": []}
    keys, asked, _again = world.servers.calls
    assert keys[0] == (
        "/subscriptions/s/resourceGroups/rg/providers/Microsoft.MachineLearningServices"
        "/workspaces/w/serverlessEndpoints/td-r0/listKeys?api-version=2024-10-01"
    )
    assert asked[0] == "/endpoints/td-r0/v1/chat/completions?"
    assert asked[1]["extra-parameters"] == "pass-through"
    assert asked[2] == {**REQUEST, "model": "Phi-4-mini-instruct"}


@pytest.mark.parametrize(
    ("endpoint", "url", "keys_of", "asked_at"),
    [
        ("td-r0", "/endpoints/td-r0", "serverlessEndpoints/td-r0", "/endpoints/td-r0/v1/chat/completions?"),
        ("td-r0", "/endpoints/td-r0/", "serverlessEndpoints/td-r0", "/endpoints/td-r0/v1/chat/completions?"),
        ("tm-r0", "/score", "onlineEndpoints/tm-r0", "/score?"),
        ("tm-r0", "", "onlineEndpoints/tm-r0", "/v1/chat/completions?"),  # vLLM has OpenAI's routes
    ],
)
async def test_each_kind_of_endpoint_is_asked_at_its_url_with_its_key(world, endpoint, url, keys_of, asked_at):
    base = world.served.url.removesuffix("/endpoints/td-r0")
    world.servers.answers = [reply({"choices": []})]
    await world.chat.complete(replace(world.served, endpoint=endpoint, url=base + url), REQUEST)
    keys, asked = world.servers.calls
    assert f"/{keys_of}/listKeys?" in keys[0]
    assert asked[0] == asked_at
    assert asked[1]["authorization"] == "Bearer key-1"


@pytest.mark.parametrize(("status", "error"), [(424, ServiceUnavailable), (429, TooManyRequests)])
async def test_a_managed_endpoint_that_cannot_now_is_asked_later(world, status, error):
    world.servers.answers = [reply({}, status, retry_after="7")]
    with pytest.raises(error) as raised:
        await world.chat.complete(world.served, REQUEST)
    assert raised.value.retry_after == 7


@pytest.mark.parametrize(
    ("told", "error"),
    [("400", ServiceRefused), ("429", TooManyRequests), ("500", ServiceUnavailable), ("404", ServiceUnavailable)],
)
async def test_what_a_managed_endpoints_model_says_of_a_request_is_heard_through_azures_424(world, told, error):
    body = {"error": {"message": "", "param": "logprobs", "code": "unsupported_value"}}
    world.servers.answers = [reply(body, 424, ms_azureml_model_error_statuscode=told)]
    with pytest.raises(error) as raised:
        await world.chat.complete(world.served, REQUEST)
    assert type(raised.value) is error
    if error is ServiceRefused:
        refused = raised.value
        assert (refused.status, refused.code, refused.reason) == (400, "unsupported_value", "logprobs")


async def test_a_refused_key_is_read_again_once(world):
    world.servers.answers = [reply({"choices": []})] * 2
    await world.chat.complete(world.served, REQUEST)
    world.servers.key = "key-2"
    await world.chat.complete(world.served, REQUEST)
    assert sum("listKeys" in path for path, _headers, _body in world.servers.calls) == 2


NESTED = {"error": {"message": "raw words", "param": "prompt", "code": "content_filter", "status": 400}}
FLAT = {"status": 400, "code": "content_filter", "message": "raw words", "param": "messages", "type": None}
DETAIL = {"loc": ["body", "response_format"], "input": "json_object"}
UNSUPPORTED = {"status": 422, "code": "parameter_not_supported", "detail": DETAIL, "message": "raw words"}


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("answer", "error", "facts"),
    [
        (reply(NESTED, 400), ServiceRefused, {"status": 400, "code": "content_filter"}),
        (reply(FLAT, 400), ServiceRefused, {"status": 400, "code": "content_filter"}),
        (
            reply(UNSUPPORTED, 422),
            ServiceRefused,
            {"code": "parameter_not_supported", "reason": "response_format"},
        ),
        (reply({**UNSUPPORTED, "detail": [DETAIL]}, 422), ServiceRefused, {"reason": "response_format"}),
        (reply({**UNSUPPORTED, "detail": []}, 422), ServiceRefused, {"reason": ""}),
        (reply({"error": "unauthorized"}, 401), ServiceRefused, {"status": 401}),
        (reply({"error": "not found"}, 404), NotFound, {}),
        (reply({"error": "busy"}, 429, retry_after="7"), TooManyRequests, {"retry_after": 7}),
        (reply({"error": "busy"}, 429, retry_after="soon"), TooManyRequests, {"retry_after": None}),
        (reply(b"raw words", 500), ServiceUnavailable, {}),
        (reply(b"raw words", 504), TimedOut, {}),
        (reply(b"raw words", 307, location="https://localhost/"), ServiceUnavailable, {}),
    ],
)
async def test_what_a_model_refuses_comes_without_its_words(world, answer, error, facts, streamed):
    world.servers.answers = [answer] * 2
    with pytest.raises(error) as caught:
        await (all_of(world) if streamed else world.chat.complete(world.served, REQUEST))
    assert {name: getattr(caught.value, name) for name in facts} == facts
    assert "raw words" not in str(caught.value)


async def all_of(world):
    return [chunk async for chunk in world.chat.stream(world.served, REQUEST)]


def stream(*pieces):
    async def content():
        for piece in pieces:
            yield piece
            await asyncio.sleep(0)

    return StreamingResponse(content(), media_type="text/event-stream")


async def test_chunks_come_however_their_bytes_are_cut(world):
    raw = 'data: {"a": "\u4e16"}\n\ndata: {"b": 2}\r\n\r\ndata: [DONE]\n\ndata: {"late": 1}\n\n'.encode()
    world.servers.answers = [stream(*(raw[place : place + 1] for place in range(len(raw))))]
    assert await all_of(world) == [{"a": "\u4e16"}, {"b": 2}]
    assert world.servers.calls[-1][2]["stream"] is True


@pytest.mark.parametrize(
    ("piece", "error"),
    [
        (b"data: {\n\n", ServiceUnavailable),
        (b"data: []\n\n", ServiceUnavailable),
        (b'data: {"error": {"message": "raw words"}}\n\n', ServiceUnavailable),
        (b'data: {"error": "raw words"}\n\n', ServiceUnavailable),
        (b'data: {"error": {"code": "content_filter"}}\n\n', ServiceRefused),
        (b"data: " + b"x" * 1_100_000, ServiceUnavailable),
    ],
)
async def test_a_stream_that_goes_wrong_is_an_error(world, piece, error):
    world.servers.answers = [stream(b'data: {"a": 1}\n\n', piece)]
    with pytest.raises(error):
        await all_of(world)


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{", b"what?\r\n\r\n"])
async def test_a_cut_connection_is_an_error(world, sent):
    async def cut(_reader, writer):
        await _reader.read(1)
        writer.write(sent)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(cut, "127.0.0.1", 0)
    async with server:
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        world.servers.answers = []
        await world.chat._keys.key("td-r0")
        with pytest.raises(ServiceUnavailable):
            await world.chat.complete(replace(world.served, url=address), REQUEST)


async def test_tokens_are_asked_for_once_and_renewed_five_minutes_early():
    now, credential = NOW, Credential()
    tokens = Tokens(credential, lambda: now)
    assert set(await asyncio.gather(*(tokens.header("a") for _ in range(9)))) == {"Bearer token-1"}
    now += timedelta(minutes=54)
    assert await tokens.header("a") == "Bearer token-1"
    now += timedelta(minutes=1)
    credential.now = now
    assert await tokens.header("a") == "Bearer token-2"
    assert await tokens.header("b") == "Bearer token-3"
    assert credential.asked == ["a", "a", "b"]


async def test_a_token_that_still_works_is_used_while_no_new_one_comes():
    now, credential = NOW, Credential()
    tokens = Tokens(credential, lambda: now)
    await tokens.header("a")
    credential.failing = True
    now += timedelta(minutes=56)
    assert await tokens.header("a") == "Bearer token-1"
    now += timedelta(minutes=5)
    with pytest.raises(ServiceUnavailable):
        await tokens.header("a")


def test_a_pool_serves_one_loop_after_another():
    pool = HttpPool()

    async def used():
        async with pool:
            return pool.session()

    first, second = asyncio.run(used()), asyncio.run(used())
    assert first.closed
    assert second.closed
    assert first is not second
