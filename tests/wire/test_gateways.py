"""The inference gateways against a scripted server: odd answers become our errors, keys are renewed."""

import asyncio
import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from shared.errors import NotFound, ServiceRefused, ServiceUnavailable, TimedOut, TooManyRequests
from shared.gateways.chat_model import ServerlessChatModel
from shared.gateways.content_safety import ContentSafety
from shared.gateways.endpoint_keys import EndpointKeys
from shared.gateways.http_pool import HttpPool
from shared.gateways.tokens import Tokens
from shared.ports import Analysis
from tests.serving import serving
from tests.unit.inference.asking import NOW, SERVED

POOL = HttpPool()
REQUEST = {"messages": [{"role": "user", "content": "Hello?"}]}
ANALYSIS = {
    "categoriesAnalysis": [
        {"category": name, "severity": 0} for name in ("Hate", "SelfHarm", "Sexual", "Violence")
    ]
}
SAFE = {"Hate": 0, "SelfHarm": 0, "Sexual": 0, "Violence": 0}


@dataclass
class Credential:
    """A credential that can fail and whose tokens last an hour."""

    asked: list[str] = field(default_factory=list)
    now: object = NOW
    failing: bool = False

    def get_token(self, *scopes, **_options):
        self.asked.append(scopes[0])
        if self.failing:
            raise ClientAuthenticationError("no")
        return AccessToken(f"token-{len(self.asked)}", int(self.now.timestamp()) + 3600)


@dataclass
class Servers:
    """Content Safety, ARM and a model in one, saying what the test tells them."""

    answers: list[Response] = field(default_factory=list)
    key: str = "key-1"
    calls: list[tuple[str, dict, object]] = field(default_factory=list)

    async def answer(self, request: Request) -> Response:
        body = await request.body()
        headers = dict(request.headers)
        self.calls.append(
            (request.url.path + "?" + request.url.query, headers, json.loads(body) if body else None)
        )
        if request.url.path.endswith("/listKeys"):
            return reply({"primaryKey": self.key, "secondaryKey": "other"})
        if "/contentsafety/" not in request.url.path and headers["authorization"] != f"Bearer {self.key}":
            return reply({"error": "unauthorized", "message": "no", "status": 401}, 401)
        return self.answers.pop(0)


def reply(body, status=200, **headers):
    content = body if isinstance(body, bytes) else json.dumps(body)
    return Response(content, status, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.fixture
async def world():
    servers = Servers()
    application = Starlette(routes=[Route("/{path:path}", servers.answer, methods=["POST"])])
    async with serving(application) as url, POOL as pool:
        settings = SimpleNamespace(
            content_safety_url=url, arm_url=url, subscription="s", resource_group="rg", workspace="w"
        )
        tokens = Tokens(Credential(), lambda: NOW)
        yield SimpleNamespace(
            servers=servers,
            safety=ContentSafety(settings, pool, tokens),
            chat=ServerlessChatModel(pool, EndpointKeys(settings, pool, tokens)),
            served=replace(SERVED, url=url + "/endpoints/td-r0"),
        )


async def test_a_text_is_analysed_at_eight_levels(world):
    world.servers.answers = [reply({**ANALYSIS, "blocklistsMatch": [{"blocklistName": "ours"}]})]
    assert await world.safety.analyze("Hello?") == Analysis(SAFE, ("ours",))
    path, headers, body = world.servers.calls[0]
    assert path == "/contentsafety/text:analyze?api-version=2024-09-01"
    assert headers["authorization"] == "Bearer token-1"
    assert body == {"text": "Hello?", "outputType": "EightSeverityLevels"}


async def test_prompts_and_documents_are_shielded(world):
    for prompt, document in ((False, False), (True, False), (False, True)):
        analyses = {
            "userPromptAnalysis": {"attackDetected": prompt},
            "documentsAnalysis": [{"attackDetected": document}],
        }
        world.servers.answers = [reply(analyses)]
        assert await world.safety.attacked("p", ["d"]) is (prompt or document)
    path, _headers, body = world.servers.calls[0]
    assert path == "/contentsafety/text:shieldPrompt?api-version=2024-09-01"
    assert body == {"userPrompt": "p", "documents": ["d"]}


def severities(**changed):
    return {
        "categoriesAnalysis": [{"category": name, "severity": level} for name, level in (SAFE | changed).items()]
    }


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply(b"", 500), ServiceUnavailable),
        (reply(b"<html>", 503), ServiceUnavailable),
        (reply({"error": {"code": "429"}}, 429), TooManyRequests),
        (reply({"error": {"code": "TooManyRequests"}}, 429, retry_after="3"), TooManyRequests),
        (reply({"error": {"code": "401"}}, 401), ServiceRefused),
        (reply({"error": {"code": "InvalidRequestBody"}}, 400), ServiceRefused),
        (reply(b"", 302, location="https://localhost/"), ServiceUnavailable),
        (reply(b"{", 200), ServiceUnavailable),
        (reply(b"[]", 200), ServiceUnavailable),
        (reply({}), ServiceUnavailable),
        (reply({"categoriesAnalysis": []}), ServiceUnavailable),
        (reply({"categoriesAnalysis": ["Hate"]}), ServiceUnavailable),
        (reply({"categoriesAnalysis": ANALYSIS["categoriesAnalysis"][:3]}), ServiceUnavailable),
        (reply(severities(Hate=None)), ServiceUnavailable),
        (reply(severities(Hate="0")), ServiceUnavailable),
        (reply(severities(Hate=8)), ServiceUnavailable),
    ],
)
async def test_anything_but_an_analysis_is_an_error(world, answer, error):
    world.servers.answers = [answer]
    with pytest.raises(error):
        await world.safety.analyze("Hello?")


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"userPromptAnalysis": {}},
        {"userPromptAnalysis": {"attackDetected": False}},
        {"userPromptAnalysis": {"attackDetected": False}, "documentsAnalysis": []},
        {"userPromptAnalysis": {"attackDetected": None}, "documentsAnalysis": [{"attackDetected": False}]},
    ],
)
async def test_anything_but_a_whole_shield_is_an_error(world, answer):
    world.servers.answers = [reply(answer)]
    with pytest.raises(ServiceUnavailable):
        await world.safety.attacked("p", ["d"])


async def test_a_blocklist_hit_may_have_no_analysis(world):
    world.servers.answers = [reply({"categoriesAnalysis": [], "blocklistsMatch": [{"blocklistName": "ours"}]})]
    assert await world.safety.analyze("x") == Analysis({}, ("ours",))


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
