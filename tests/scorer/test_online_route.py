"""The scoring route of online endpoints: Azure's front before the deployment's server."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from localcloud.azure_ml.workspace import workspace_of
from localcloud.control import Control, Weather
from localcloud.frame import Cloud, asgi
from localcloud.scoring import service
from tests.serving import serving

KEYS = {"primary_key": "first", "secondary_key": "second"}
GOOD = {"Authorization": "Bearer first"}
HELLO = {"messages": [{"role": "user", "content": "Hello there"}]}
IN_TIME = 60.0  # seconds; at most, on a busy machine


class Server:
    """Stands for Microsoft's inference server: it answers by what the prompt says."""

    def __init__(self) -> None:
        self.url = ""
        self.go_on, self.left = asyncio.Event(), asyncio.Event()

    async def healthy(self) -> bool:
        return True

    def application(self) -> Starlette:
        return Starlette(routes=[Route("/score", self.score, methods=["POST"])])

    async def score(self, request: Request) -> Response:
        wanted = (await request.json())["say"]
        if wanted == "stream":
            return StreamingResponse(self.parts(), media_type="text/event-stream")
        if wanted == "nothing":
            await self.until_left(request)
        if wanted == "refused":
            return JSONResponse({"error": {"code": "unsupported_value"}}, 400)
        if wanted == "busy":
            return PlainTextResponse("busy", 429, {"Retry-After": "1"})
        return JSONResponse({"said": wanted})

    async def until_left(self, request: Request) -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        self.left.set()

    async def parts(self) -> AsyncIterator[bytes]:
        try:
            yield b"data: 1\n\n"
            await self.go_on.wait()
            yield b"data: 2\n\n"
        finally:
            self.left.set()


class Front:
    """A local cloud's scoring stand-in with online endpoints, asked over HTTP."""

    http: aiohttp.ClientSession

    def __init__(self, cloud: Cloud, server: Server) -> None:
        self.cloud, self.server = cloud, server

    def has(self, name: str, **about: object) -> None:
        """Let there be an endpoint."""
        known = {**KEYS, "state": "Succeeded", "server": self.server, "echoes": False}
        found: Any = SimpleNamespace(**(known | about))
        workspace_of(self.cloud).online[name] = found

    def asking(self, body: object, name: str = "tm-one", **headers: str) -> Any:
        return self.http.post(f"/online/{name}/score", json=body, headers=headers or GOOD)

    async def asked(
        self, body: object, name: str = "tm-one", **headers: str
    ) -> tuple[aiohttp.ClientResponse, bytes]:
        async with self.asking(body, name, **headers) as answer:
            return answer, await answer.read()

    async def probed(self, name: str) -> aiohttp.ClientResponse:
        async with self.http.get(f"/online/{name}/") as answer:
            return answer


@pytest.fixture
async def front(tmp_path: Path) -> AsyncIterator[Front]:
    weather = Weather(1)
    weather.calm()
    cloud = Cloud(tmp_path, Control(weather))
    found, stand_in = Front(cloud, Server()), service(cloud)
    assert stand_in.lifespan is not None
    async with (
        stand_in.lifespan(Starlette()),
        serving(found.server.application()) as found.server.url,
        serving(asgi(stand_in, cloud)) as url,
        aiohttp.ClientSession(url) as found.http,
    ):
        found.has("tm-one")
        yield found


async def test_an_answer_passes_through(front: Front):
    for key in KEYS.values():
        answer, told = await front.asked({"say": "hello"}, Authorization=f"Bearer {key}")
        assert (answer.status, json.loads(told)) == (200, {"said": "hello"})


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("", "key_auth_bad_header_forbidden"),
        ("first", "key_auth_bad_header_forbidden"),
        ("Basic first", "key_auth_bad_header_forbidden"),
        ("Bearer ", "key_auth_bad_header_forbidden"),
        ("Bearer third", "key_auth_access_denied"),
    ],
)
async def test_without_a_key_nothing_is_passed_on(front: Front, header: str, reason: str):
    answer, told = await front.asked({"say": "hello"}, Authorization=header)
    assert (answer.status, told.decode().splitlines()[0]) == (401, reason)


@pytest.mark.parametrize("about", [{"state": "Creating"}, {"state": "NoDeployment"}, {"server": None}])
async def test_what_does_not_serve_is_not_found(front: Front, about: dict[str, Any]):
    front.has("tm-two", **about)
    answer, _ = await front.asked({"say": "hello"}, "tm-two")
    assert answer.status == 404


async def test_an_unknown_endpoint_is_not_found(front: Front):
    assert (await front.asked({"say": "hello"}, "tm-none"))[0].status == 404
    assert (await front.probed("tm-none")).status == 404


@pytest.mark.parametrize(("say", "status", "body"), [("refused", "400", b'{"error"'), ("busy", "429", b"busy")])
async def test_whatever_the_server_says_but_200_is_azure_s_424(front: Front, say: str, status: str, body: bytes):
    answer, told = await front.asked({"say": say})
    assert (answer.status, answer.headers["ms-azureml-model-error-statuscode"]) == (424, status)
    assert answer.headers["ms-azureml-model-error-reason"] == "model_error"
    assert told.startswith(body)


async def test_a_server_that_is_away_is_azure_s_424(front: Front):
    front.server.url = "http://127.0.0.1:1"
    answer, _ = await front.asked({"say": "hello"})
    assert (answer.status, answer.headers["ms-azureml-model-error-statuscode"]) == (424, "502")


async def test_a_stream_comes_through_as_it_is_written(front: Front):
    async with front.asking({"say": "stream"}) as answer:
        assert answer.content_type == "text/event-stream"
        assert await answer.content.readline() == b"data: 1\n"
        assert not front.server.left.is_set()
        front.server.go_on.set()
        assert (await answer.content.read()).endswith(b"data: 2\n\n")


async def test_who_leaves_a_stream_ends_it_at_the_server(front: Front):
    async with front.asking({"say": "stream"}) as answer:
        await answer.content.readline()
        answer.close()
    async with asyncio.timeout(IN_TIME):
        await front.server.left.wait()


async def test_who_does_not_wait_ends_the_request_at_the_server(front: Front):
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await front.asked({"say": "nothing"})
    async with asyncio.timeout(IN_TIME):
        await front.server.left.wait()


@pytest.mark.parametrize(("about", "status"), [({}, 200), ({"server": None}, 404), ({"echoes": True}, 200)])
async def test_the_probe_tells_whether_the_server_serves(front: Front, about: dict[str, Any], status: int):
    front.has("tm-two", **about)
    assert (await front.probed("tm-two")).status == status


async def test_where_nothing_was_trained_the_prompt_comes_back(front: Front):
    front.has("tm-two", server=None, echoes=True)
    _, told = await front.asked(HELLO, "tm-two")
    assert json.loads(told)["choices"][0]["message"]["content"] == "Hello there"
    _, streamed = await front.asked({**HELLO, "stream": True}, "tm-two")
    assert streamed.count(b"data: ") == 5  # role, two words, end, [DONE]
    answer, refused = await front.asked({**HELLO, "best_of": 2}, "tm-two")
    assert (answer.status, json.loads(refused)["error"]["code"]) == (424, "unknown_parameter")
