"""What the control port takes, and what it answers."""

import json
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Message, Scope

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
from localcloud.control_port import ControlPort
from localcloud.frame import Cloud

SERVICES = ("arm", "content_safety")


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


async def asked(control: Control, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Return the status and body of the control port's answer."""
    app = ControlPort(Cloud(Path("nowhere"), control), SERVICES).app()
    scope: Scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": []}
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent[0]["status"], json.loads(sent[1]["body"])


async def test_quota_is_taken_away_and_given_back() -> None:
    control, none = Control(Weather(1)), {"standardNCADSA100v4Family": 0}
    assert await asked(control, "POST", "/quota", none) == (200, none)
    assert await asked(control, "GET", "/quota") == (200, none)
    assert control.quota == none
    assert await asked(control, "POST", "/quota", {}) == (200, {})


@pytest.mark.parametrize(
    ("preempt", "status", "said"),
    [
        (lambda name: None, 200, "td-1"),
        (lambda name: f"there is no job {name!r}", 400, "there is no job 'td-1'"),
        (None, 400, "Azure ML's stand-in does not run"),
    ],
)
async def test_a_jobs_machine_is_taken_away(preempt: Any, status: int, said: str) -> None:
    control = Control(Weather(1), preempt=preempt)
    answer = await asked(control, "POST", "/preempt", {"job": "td-1"})
    assert (answer[0], said in str(answer[1])) == (status, True)
