"""A service that failed again and again is left alone, and tried again with one call."""

import asyncio
from functools import partial

import pytest

from shared.errors import NotFound, ServiceRefused, ServiceUnavailable, TimedOut, TooManyRequests
from shared.inference.breaker import FAILURES, REST, Breaker, Resting
from shared.inference.patience import Patience
from tests.fakes_inference import FakeChatModel, FakeSafety, hanging, no_trouble, raising
from tests.unit.inference.asking import KEY, Asking, asked

DOWN = ServiceUnavailable("content safety", "500")


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class World:
    """A breaker, its clock, and calls that end as told."""

    def __init__(self, **options) -> None:
        self.clock = Clock()
        self.breaker = Breaker("content safety", self.clock, **options)

    def call(self, error: BaseException | None = None) -> str:
        try:
            with self.breaker:
                if error is not None:
                    raise error
        except Resting:
            return "resting"
        except BaseException as raised:  # noqa: BLE001 - told by its name
            return type(raised).__name__
        return "ok"

    def fail(self, times: int = FAILURES, error: BaseException = DOWN) -> None:
        for _ in range(times):
            self.call(error)


def test_failures_in_a_row_are_followed_by_a_rest():
    world = World()
    world.fail(FAILURES - 1)
    assert world.call() == "ok"
    world.fail()
    assert world.call() == "resting"
    world.clock.now += REST - 0.1
    assert world.call() == "resting"
    world.clock.now += 0.2
    assert world.call() == "ok"
    assert world.call(DOWN) == "ServiceUnavailable"
    assert world.call() == "ok"


def test_a_probe_that_fails_begins_another_rest():
    world = World()
    world.fail()
    world.clock.now += REST
    assert world.call(DOWN) == "ServiceUnavailable"
    assert world.call() == "resting"


def test_others_rest_while_a_probe_is_under_way():
    world = World()
    world.fail()
    world.clock.now += REST
    with world.breaker:
        assert world.call() == "resting"
    assert world.call() == "ok"


def test_a_canceled_probe_leaves_room_for_the_next():
    world = World()
    world.fail()
    world.clock.now += REST
    assert world.call(asyncio.CancelledError()) == "CancelledError"
    assert world.call() == "ok"


def test_a_rest_says_how_long_it_is():
    world = World()
    world.fail()
    world.clock.now += 2
    with pytest.raises(Resting) as caught, world.breaker:
        pass
    assert caught.value.retry_after == REST - 2


@pytest.mark.parametrize(
    ("error", "options", "after"),
    [
        (DOWN, {}, "resting"),
        (TimedOut("x", "slow"), {}, "resting"),
        (TooManyRequests("x", "429"), {}, "resting"),
        (TooManyRequests("x", "429"), {"busy_counts": False}, "ok"),
        (ServiceRefused("x", "401", 401), {}, "resting"),
        (ServiceRefused("x", "403", 403), {}, "resting"),
        (ServiceRefused("x", "a text that it will not have", 400), {}, "ok"),
        (NotFound("x", "an unknown blocklist"), {}, "ok"),
        (asyncio.CancelledError(), {}, "ok"),
        (ValueError("ours"), {}, "ok"),
    ],
)
def test_what_is_about_one_call_is_no_failure_of_the_service(error, options, after):
    world = World(**options)
    world.fail(error=error)
    assert world.call() == after


@pytest.fixture
def clock(monkeypatch) -> Clock:
    """The clock of Content Safety's breakers."""
    clock = Clock()
    monkeypatch.setattr("shared.inference.checking.Breaker", partial(Breaker, clock=clock))
    return clock


@pytest.mark.parametrize("trouble", [raising(DOWN), hanging], ids=["500", "hangs"])
async def test_content_safety_is_left_alone_and_tried_again(clock, trouble):
    asking = Asking(FakeSafety(trouble=trouble), patience=Patience(attempt=0.005, total=0.02))
    inference = asking.inference()
    for _ in range(FAILURES):
        assert await status_of(inference) == (503, "content_safety_unavailable")
    calls = len(asking.safety.analysed)
    for _ in range(3):
        assert await status_of(inference) == (503, "content_safety_unavailable")
    assert len(asking.safety.analysed) == calls
    asking.safety.trouble = no_trouble
    clock.now += REST
    assert await status_of(inference) == (200, "")


async def test_a_model_is_left_alone_and_the_others_are_not():
    asking = Asking(chat=FakeChatModel(trouble=raising(ServiceUnavailable("model", "500"))))
    inference = asking.inference()
    for _ in range(FAILURES + 2):
        assert await status_of(inference) == (502, "model_unavailable")
    assert len(asking.chat.asked) == FAILURES
    for stream in (False, True):
        assert await status_of(inference, stream=stream) == (502, "model_unavailable")
    assert len(asking.chat.asked) == FAILURES


async def status_of(inference, *, stream: bool = False) -> tuple[int, str]:
    try:
        if stream:
            await inference.stream({**asked(), "stream": True}, KEY)
        else:
            await inference.complete(asked(), KEY)
    except Exception as error:  # noqa: BLE001 - told by status and code
        return error.status, error.code
    return 200, ""
