"""When a model was last asked: noted beside the requests, seldom, and never at their cost."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from shared.errors import ServiceRefused, ServiceUnavailable
from shared.inference.last_asked import MOST_AT_ONCE, LastAsked
from tests.fakes import FakeModels
from tests.fakes_inference import BAD, FakeChatModel, raising
from tests.unit.inference.asking import NOW, SERVED, Asking, asked

PATIENCE = 5.0  # seconds


async def until(holds: Callable[[], bool]) -> None:
    """Return once it holds; fails where it does not in time."""
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 - a thread: nothing to be woken by
            await asyncio.sleep(0)


class Clock:
    """A clock that tests turn."""

    now = NOW

    def __call__(self):
        return self.now


@asynccontextmanager
async def slow_table(models: FakeModels) -> AsyncIterator[threading.Event]:
    """Let every note wait until the block ends, or the event is set."""
    free = threading.Event()
    for _note in range(100):
        models.meanwhile("note_asked", lambda: free.wait(PATIENCE))
    try:
        yield free
    finally:
        free.set()


@pytest.mark.parametrize(
    ("asking", "body"),
    [
        (Asking(), asked()),
        (Asking(), asked(BAD)),
        (Asking(chat=FakeChatModel(trouble=raising(ServiceUnavailable("model", "500")))), asked()),
    ],
    ids=["answered", "filtered", "no answer"],
)
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_whoever_asks_a_model_is_noted_whatever_comes_of_it(asking: Asking, body: dict, streamed: bool):
    asking.models._asked.clear()
    await (asking.streamed if streamed else asking.whole)(body)
    await until(lambda: asking.models.last_asked() == {"support": NOW})


async def test_what_asks_no_model_is_not_noted():
    asking = Asking()
    assert (await asking.whole(asked() | {"model": "nobody"})).status == 404
    await asking.inference().ask(SERVED, asked())  # the verification
    assert asking.models.called["note_asked"] == 0


@pytest.mark.parametrize(("minutes", "writes"), [(0, 1), (59, 1), (60, 2)])
async def test_a_model_is_noted_once_an_hour(minutes: int, writes: int):
    models, clock = FakeModels(), Clock()
    last_asked = LastAsked(models, clock)
    last_asked.note("support")
    await until(lambda: models.called["note_asked"] == 1)
    await until(lambda: not last_asked._writing)
    clock.now = NOW + timedelta(minutes=minutes)
    last_asked.note("support")
    await until(lambda: not last_asked._writing)
    assert models.called["note_asked"] == writes
    last_asked.note("sales")
    await until(lambda: models.called["note_asked"] == writes + 1)


async def test_an_answer_does_not_wait_for_the_note():
    asking = Asking()
    async with slow_table(asking.models), asyncio.timeout(PATIENCE / 2):
        assert (await asking.whole(asked())).status == 200
        assert (await asking.streamed(asked())).text() == "Hello there."
        assert asking.models.last_asked() == {}


async def test_a_slow_table_is_not_flooded():
    models = FakeModels()
    last_asked = LastAsked(models, Clock())
    async with slow_table(models):
        for number in range(20):
            last_asked.note(f"model-{number}")
        await until(lambda: models.called["note_asked"] == MOST_AT_ONCE)
    await until(lambda: not last_asked._writing)
    last_asked.note("model-19")  # which was passed over
    await until(lambda: "model-19" in models.last_asked())


@pytest.mark.parametrize(
    "error", [ServiceUnavailable("model table", "503"), ServiceRefused("model table", "no", 403)]
)
async def test_a_note_that_fails_is_logged_and_hurts_nobody(error: Exception, caplog: pytest.LogCaptureFixture):
    asking = Asking()
    asking.models.fail_next("note_asked", error)
    with caplog.at_level(logging.WARNING):
        assert (await asking.whole(asked())).status == 200
        await until(lambda: "that support was asked is not noted: model table" in caplog.text)
