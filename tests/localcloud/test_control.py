"""Scripted faults, the history, the weather, tokens."""

import json
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Scope

from localcloud.control import Control, Fault, Weather
from localcloud.frame import Cloud, Frame, Service, asgi, versioned
from localcloud.identity import token_for

SERVICES = ("arm", "content_safety")
AUDIENCE = "https://management.azure.com"


class Counter:
    """A stand-in that counts its calls."""

    def __init__(self) -> None:
        self.count = 0

    async def answer(self, _request: Request) -> Response:
        self.count += 1
        return JSONResponse({"count": self.count})


def calm_cloud() -> Cloud:
    weather = Weather(1)
    weather.calm()
    return Cloud(Path("nowhere"), Control(weather))


async def call(app: ASGIApp, path: str, token: str = "", method: str = "GET") -> tuple[int, Any]:
    """Return the status and body of a call; a body that was cut is no JSON and comes as None."""
    path, _mark, query = path.partition("?")
    scope: Scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(b"authorization", f"Bearer {token}".encode())],
    }
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b'{"text": "hi"}', "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    whole = not sent[-1].get("more_body", False)
    body = b"".join(message.get("body", b"") for message in sent)
    return sent[0]["status"], json.loads(body) if whole and body else None


@pytest.mark.parametrize(
    ("fault", "statuses", "effects"),
    [
        (Fault("arm", status=503), [503, 200, 200], 2),
        (Fault("arm", times=2, status=503), [503, 503, 200], 1),
        (Fault("arm", skip=1, status=503), [200, 503, 200], 2),
        (Fault("arm", match="GET /jobs", status=503), [503, 200, 200], 2),
        (Fault("arm", match="PUT /jobs", status=503), [200, 200, 200], 3),
        (Fault("content_safety", status=503), [200, 200, 200], 3),
        (Fault("arm", when="after", status=500), [500, 200, 200], 3),  # it took effect, but nobody was told
    ],
)
async def test_a_fault_strikes_the_calls_it_names(fault: Fault, statuses: list[int], effects: int) -> None:
    cloud, counter = calm_cloud(), Counter()
    cloud.control.faults.append(fault)
    app = asgi(Service("arm", [Route("/jobs", counter.answer)]), cloud)
    assert [(await call(app, "/jobs"))[0] for _call in range(3)] == statuses
    assert counter.count == effects


def test_not_every_429_says_when_to_come_back() -> None:
    frame = Frame(Service("arm", []), Counter().answer, Control(Weather(1, throttled=1.0)))  # type: ignore[arg-type]
    answers = [frame._weather({"path": "/jobs"}) for _ in range(40)]
    assert {answer.status_code for answer in answers if answer} == {429}
    assert {answer.headers.get("retry-after") for answer in answers if answer} == {None, "1"}


async def test_a_crash_kills_the_host_that_calls() -> None:
    cloud, counter, crashed = calm_cloud(), Counter(), []

    async def crash() -> None:
        crashed.append(counter.count)

    cloud.control.crash_host = crash
    app = asgi(Service("arm", [Route("/jobs", counter.answer)]), cloud)
    for when in ("before", "after"):
        cloud.control.faults.append(Fault("arm", when=when, action="crash"))
        assert await call(app, "/jobs") == (200, None)
    assert crashed == [0, 1]


async def test_an_answer_may_be_lost_and_a_token_spared() -> None:
    cloud, counter = calm_cloud(), Counter()
    cloud.control.weather.lost = cloud.control.weather.delayed = 1.0
    app = asgi(Service("arm", [Route("/jobs", counter.answer), Route("/msi/token", counter.answer)]), cloud)
    assert await call(app, "/jobs") == (200, None)
    assert counter.count == 1
    assert await call(app, "/msi/token") == (200, {"count": 2})
    assert [one["fault"] for one in cloud.control.calls()] == ["lost", None]


@pytest.mark.parametrize("fault", [Fault("arm", action="cut"), Fault("arm", action="hang", seconds=0.01)])
async def test_a_cut_answer_begins_and_never_ends(fault: Fault) -> None:
    cloud = calm_cloud()
    cloud.control.faults.append(fault)
    assert await call(asgi(Service("arm", [Route("/jobs", Counter().answer)]), cloud), "/jobs") == (200, None)


async def test_every_call_is_in_the_history_with_its_fault() -> None:
    cloud = calm_cloud()
    cloud.control.faults.append(Fault("arm", status=503))
    app = asgi(Service("arm", [Route("/jobs", Counter().answer)]), cloud)
    for _call in range(2):
        await call(app, "/jobs?a=1")
    shown = [(c["number"], c["path"], c["query"], c["status"], c["fault"]) for c in cloud.control.calls("arm")]
    assert shown == [(1, "/jobs", "a=1", 503, "status before"), (2, "/jobs", "a=1", 200, None)]
    assert cloud.control.calls("arm")[0]["request"] == {"text": "hi"}
    assert [c["number"] for c in cloud.control.calls(since=1)] == [2]


@pytest.mark.parametrize(
    ("token", "status"),
    [
        ("", 401),
        ("nonsense", 401),
        (token_for("https://storage.azure.com").token, 401),
        (token_for(AUDIENCE, seconds=-1).token, 401),
        (token_for(AUDIENCE).token, 200),
        (token_for(AUDIENCE + "/").token, 200),
    ],
)
async def test_a_token_must_be_for_the_service(token: str, status: int) -> None:
    app = asgi(Service("arm", [Route("/jobs", Counter().answer)], (AUDIENCE,)), calm_cloud())
    assert (await call(app, "/jobs", token))[0] == status


@pytest.mark.parametrize(
    ("path", "method", "status", "named"),
    [
        ("/nowhere", "GET", 501, "GET /nowhere"),
        ("/jobs?api-version=1", "PUT", 501, "PUT /jobs"),
        ("/jobs?api-version=2", "GET", 501, "'2'"),
        ("/jobs", "GET", 501, "''"),
    ],
)
async def test_what_is_not_there_is_a_loud_501_that_names_itself(
    path: str, method: str, status: int, named: str
) -> None:
    app = asgi(Service("arm", [versioned("/jobs", "GET", Counter().answer, ["1"])]), calm_cloud())
    answered, body = await call(app, path, method=method)
    assert answered == status
    assert named in body["error"]["message"]


async def test_bad_weather_repeats_with_its_seed() -> None:
    async def statuses() -> list[int]:
        cloud = Cloud(Path("nowhere"), Control(Weather(7, throttled=0.3, failing=0.2)))
        app = asgi(Service("arm", [Route("/jobs", Counter().answer)]), cloud)
        return [(await call(app, "/jobs"))[0] for _call in range(30)]

    first = await statuses()
    assert {200, 429, 500} == set(first)
    assert first == await statuses()
