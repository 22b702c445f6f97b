"""Scripted faults, the history, and what the control port takes."""

import json
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Scope

from localcloud.control import Control, Fault, Training, Weather
from localcloud.control_input import (
    BadInputError,
    event_order,
    faults_in,
    job_in,
    quota_in,
    training_in,
    weather_in,
)
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


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, "body"),
        (["arm"], "fault 0"),
        ([{"service": "arm"}, {"service": "nowhere"}], "fault 1.service"),
        ([{"service": "arm", "state": 1}], "fault 0.state"),
        ([{"service": "arm", "when": "never"}], "fault 0.when"),
        ([{"service": "arm", "action": "explode"}], "fault 0.action"),
        ([{"service": "arm", "times": -1}], "fault 0.times"),
        ([{"service": "arm", "times": True}], "fault 0.times"),
        ([{"service": "arm", "status": "500"}], "fault 0.status"),
        ([{"service": "arm", "match": 1}], "fault 0.match"),
        ([{"service": "arm", "headers": {"Retry-After": 1}}], "fault 0.headers"),
    ],
)
def test_a_bad_fault_is_refused_with_its_place(body: Any, where: str) -> None:
    with pytest.raises(BadInputError, match=f"^{where}: .*; "):
        faults_in(body, SERVICES)


def test_faults_are_read_whole() -> None:
    given = {
        "service": "arm",
        "match": "PUT",
        "times": 2,
        "skip": 1,
        "when": "after",
        "status": 409,
        "seconds": 0.5,
    }
    assert faults_in([given], SERVICES) == [Fault("arm", "PUT", 2, 1, "after", "status", 409, seconds=0.5)]


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ([], "body"),
        ({"rain": 1}, "rain"),
        ({"failing": 2}, "failing"),
        ({"failing": True}, "failing"),
        ({"token_seconds": 0}, "token_seconds"),
    ],
)
def test_bad_weather_input_is_refused_with_its_place(body: Any, where: str) -> None:
    with pytest.raises(BadInputError, match=f"^{where}: .*; "):
        weather_in(body)


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (["instant"], "body"),
        ({"mode": "instant", "speed": 1}, "body"),
        ({}, "mode"),
        ({"mode": "fast"}, "mode"),
        ({"mode": "instant", "seconds": -1}, "seconds"),
        ({"mode": "instant", "seconds": True}, "seconds"),
        ({"mode": "instant", "seconds": 4000}, "seconds"),
    ],
)
def test_a_bad_way_to_train_is_refused_with_its_place(body: Any, where: str) -> None:
    with pytest.raises(BadInputError, match=f"^{where}: .*; "):
        training_in(body)


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ([], "body"),
        ({"standardNCADSA100v5Family": 0}, "standardNCADSA100v5Family"),
        ({"standardNCADSA100v4Family": -1}, "standardNCADSA100v4Family"),
        ({"TotalLowPriorityCores": True}, "TotalLowPriorityCores"),
    ],
)
def test_bad_quota_is_refused_with_its_place(body: Any, where: str) -> None:
    with pytest.raises(BadInputError, match=f"^{where}: .*; "):
        quota_in(body)


def test_quota_is_taken_by_family() -> None:
    assert quota_in({}) == {}
    assert quota_in({"TotalLowPriorityCores": 0}) == {"TotalLowPriorityCores": 0}


@pytest.mark.parametrize("body", [[], {}, {"job": ""}, {"job": 1}])
def test_who_takes_a_machine_away_names_the_job(body: Any) -> None:
    with pytest.raises(BadInputError, match=r"^job: .*; "):
        job_in(body)


def test_jobs_train_really_unless_told_otherwise() -> None:
    assert Control(Weather(1)).training == training_in({"mode": "real"}) == Training("real")
    assert training_in({"mode": "instant", "seconds": 2}) == Training("instant", 2.0)


def test_calm_ends_every_chance() -> None:
    rough = Weather(1)
    rough.token_seconds = 5
    rough.calm()
    calm = weather_in({"calm": True})
    assert calm == {name: getattr(rough, name) for name in calm}
    assert set(calm.values()) == {0.0, 24 * 3600}
    assert weather_in({"token_seconds": 5}) == {"token_seconds": 5.0}
    assert weather_in({"failing": 0.5}) == {"failing": 0.5}


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"subscription": "s"}, "event"),
        ({"event": {}}, "subscription"),
        ({"event": {}, "subscription": "s", "topic": "storage"}, "subscription"),
        ({"event": {}, "subscription": "other"}, "subscription"),
        ({"event": {}, "topic": "other"}, "topic"),
        ({"event": {}, "subscription": "s", "times": 0}, "times"),
        ({"event": {}, "subscription": "s", "at_once": 1}, "at_once"),
    ],
)
def test_a_bad_event_order_is_refused_with_its_place(body: Any, where: str) -> None:
    with pytest.raises(BadInputError, match=f"^{where}: .*; "):
        event_order(body, ("s",))
