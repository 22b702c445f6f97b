"""The saved queries find in the log what the app really writes there."""

import asyncio
import logging
import re
from itertools import pairwise
from pathlib import Path

import pytest

from shared.errors import ServiceUnavailable
from tests.fakes_inference import BAD, FakeChatModel, FakeSafety, deltas, message, raising
from tests.infra.bicep import read, value_of
from tests.unit.inference.asking import Asking, asked
from tests.unit.world import World

FILE = read(Path(__file__).resolve().parents[2] / "infra/monitoring.bicep")
AWAY = ServiceUnavailable("a service", "500")


def pattern_of(query: str, number: int = 0) -> re.Pattern[str]:
    """Return one of the regular expressions with which a query takes lines apart."""
    declared = FILE.named("queries")
    assert declared is not None
    assert declared.value is not None
    texts = {one["name"]: one["text"] for one in value_of(declared.value)}
    return re.compile(re.findall(r'@"([^"]+)"', texts[query])[number])


def test_steps_are_taken_apart(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    world = World()
    run_id = world.receive(world.drop())
    world.tick(8)
    steps = [found.groups() for found in map(pattern_of("steps").match, caplog.messages) if found]
    states = [entry.state for entry in world.runs.history(run_id)]
    assert steps == [(run_id, before, after) for before, after in pairwise(states)]
    assert states[-1] == "serving"


@pytest.mark.parametrize(
    ("asking", "stream", "content", "outcome"),
    [
        (Asking(), False, "Hello?", "answered"),
        (Asking(), True, "Hello?", "answered"),
        (Asking(), False, BAD, "failed content_filter"),
        (Asking(chat=FakeChatModel([message(BAD)])), False, "Hello?", "filtered"),
        (Asking(chat=FakeChatModel(chunks=[*deltas("Hi", finish=None), AWAY])), True, "Hello?", "cut"),
        (Asking(FakeSafety(trouble=raising(AWAY))), False, "Hello?", "failed content_safety_unavailable"),
        (Asking(chat=FakeChatModel(trouble=raising(AWAY))), False, "Hello?", "failed model_unavailable"),
    ],
)
def test_chats_are_taken_apart(
    caplog: pytest.LogCaptureFixture, asking: Asking, stream: bool, content: str, outcome: str
):
    caplog.set_level(logging.INFO)
    asyncio.run(asking.streamed(asked(content)) if stream else asking.whole(asked(content)))
    *began, line = (line for line in caplog.messages if line.startswith("chat model="))
    assert [pattern_of("chats", 2).findall(one) for one in began] == [["began"]] * stream
    found = [pattern_of("chats", number).search(line) for number in range(4)]
    model, run, ended, milliseconds = (one and one[1] for one in found)
    assert (model, run, ended) == ("support", "r0", outcome)
    assert (milliseconds is None) == outcome.startswith("failed")
    assert pattern_of("answer").findall(line) == ["r0"]
