"""The scoring script as Azure runs it: in Microsoft's inference server, with the small base model."""

import asyncio
import io
import json
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from localcloud.azure_ml.online_serving import OnlineServer, OnlineServerFailed
from shared.gateways.deployment_failure import LINES, telling_line
from shared.gateways.managed_endpoints import SERVER

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROOT = Path(__file__).parents[2]
BASE = ROOT / "trainer" / "base"
VARIABLES = {**SERVER, "SERVED_MODEL_NAME": "Phi-3.5-mini-instruct"}
SECRET = "zanzibar"
LONG = {"n": 8, "temperature": 2, "seed": 1, "stream": True}  # more than a second of writing
IN_TIME = 90.0  # seconds; at most, on a busy machine


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OnlineServer]:
    cloud: Any = SimpleNamespace(root=tmp_path_factory.mktemp("cloud"))
    server = OnlineServer(cloud, ROOT, "scorer/score.py", BASE, VARIABLES)
    await server.start()
    yield server
    await server.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def http(server: OnlineServer) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(server.url) as session:
        yield session


def body(**more: object) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": f"Hello, I am {SECRET}."}], "temperature": 0, **more}


async def eventually(server: OnlineServer, words: str) -> None:
    """Return once the server's log has the words."""
    async with asyncio.timeout(IN_TIME):
        while words not in server.log.read_text("utf-8"):  # noqa: ASYNC110 - another process: nothing to be woken by
            await asyncio.sleep(0.02)


async def events_of(answer: aiohttp.ClientResponse) -> AsyncIterator[dict[str, Any]]:
    """Yield the events of a stream as they come."""
    async for line in answer.content:
        if line.startswith(b"data: {"):
            yield json.loads(line.removeprefix(b"data: "))


async def test_an_answer(server: OnlineServer, http: aiohttp.ClientSession):
    async with http.post("/score", json=body(max_tokens=12)) as answer:
        told = await answer.json()
    assert (answer.status, answer.content_type) == (200, "application/json")
    assert told["choices"][0]["message"]["content"]
    assert told["model"] == "Phi-3.5-mini-instruct"
    assert told["usage"]["completion_tokens"] <= 12


async def test_a_streamed_answer_says_the_same(server: OnlineServer, http: aiohttp.ClientSession):
    async with http.post("/score", json=body(max_tokens=12)) as answer:
        told = (await answer.json())["choices"][0]["message"]["content"]
    async with http.post("/score", json=body(max_tokens=12, stream=True)) as answer:
        raw = await answer.read()
    assert (answer.status, answer.content_type) == (200, "text/event-stream")
    *events, done = raw.decode().strip().split("\n\n")
    deltas = [json.loads(event.removeprefix("data: "))["choices"][0]["delta"] for event in events]
    assert "".join(delta["content"] for delta in deltas) == told
    assert done == "data: [DONE]"


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (b"{", 400, "invalid_json"),
        (b" " * 9_000_000, 400, "request_too_large"),
        (json.dumps(body(best_of=2)).encode(), 400, "unknown_parameter"),
        (json.dumps(body(logprobs=True)).encode(), 400, "unsupported_value"),
        (json.dumps(body(max_tokens=5000)).encode(), 400, "context_length_exceeded"),
        (json.dumps(body(max_tokens=5000, stream=True)).encode(), 400, "context_length_exceeded"),
    ],
)
async def test_what_is_refused(http: aiohttp.ClientSession, raw: bytes, status: int, code: str):
    async with http.post("/score", data=io.BytesIO(raw)) as answer:
        told = await answer.json()
    assert (answer.status, told["error"]["code"]) == (status, code)


async def test_only_post_is_answered(http: aiohttp.ClientSession):
    async with http.get("/score") as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "POST")


async def test_two_streams_come_while_the_model_writes_them(server: OnlineServer, http: aiohttp.ClientSession):
    async with http.post("/score", json=body(**LONG)) as one, http.post("/score", json=body(**LONG)) as two:
        streams = [events_of(one), events_of(two)]
        ids = [(await anext(stream))["id"] for stream in streams]
        begun = server.log.read_text("utf-8")
        assert [number in begun for number in ids] == [False, False]  # told at the end of each
        async with http.get("/") as probe:
            assert (probe.status, await probe.text()) == (200, "Healthy")
        reasons = [[event["choices"][0]["finish_reason"] async for event in stream][-1] for stream in streams]
    assert set(reasons) <= {"stop", "length"}
    for number in ids:
        await eventually(server, number)


async def test_a_client_that_leaves_a_stream_stops_the_writing(server: OnlineServer, http: aiohttp.ClientSession):
    async with http.post("/score", json=body(**LONG)) as answer:
        number = (await anext(events_of(answer)))["id"]
        answer.close()
    await eventually(server, number)
    assert "not to its end" in line_of(server, number)


async def test_a_client_that_does_not_wait_stops_the_writing(server: OnlineServer, http: aiohttp.ClientSession):
    given_up = server.log.read_text("utf-8").count("not to its end")
    with pytest.raises(TimeoutError):
        await http.post("/score", json=body(**LONG | {"stream": False}), timeout=aiohttp.ClientTimeout(total=0.3))
    async with asyncio.timeout(IN_TIME):
        while server.log.read_text("utf-8").count("not to its end") == given_up:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.02)


def line_of(server: OnlineServer, number: str) -> str:
    return next(line for line in server.log.read_text("utf-8").splitlines() if number in line)


async def test_the_log_tells_nothing_of_what_was_asked_or_answered(
    server: OnlineServer, http: aiohttp.ClientSession
):
    async with http.post("/score", json=body(max_tokens=12)) as answer:
        told = (await answer.json())["choices"][0]["message"]["content"]
    log = server.log.read_text("utf-8")
    assert "POST /score 200" in log
    assert SECRET not in log
    assert told not in log


async def test_a_server_that_dies_comes_back(server: OnlineServer):
    child: Any = server._child
    os.kill(child._process.pid, signal.SIGKILL)
    await child._process.wait()
    async with asyncio.timeout(IN_TIME * 2):
        while server._child is child or not await server.healthy():  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.05)


async def test_a_model_that_does_not_load_ends_the_server_with_its_reason(tmp_path: Path):
    cloud: Any = SimpleNamespace(root=tmp_path)
    server = OnlineServer(cloud, ROOT, "scorer/score.py", tmp_path, VARIABLES)
    with pytest.raises(OnlineServerFailed, match=r"^User container has crashed or terminated"):
        await server.start()
    log = "\n".join(server.log.read_text("utf-8").splitlines()[-LINES:])
    assert telling_line(log) == (
        f"the model cannot be served: nothing beneath {tmp_path} has a config.json and a tokenizer"
    )
    assert not await server.healthy()
