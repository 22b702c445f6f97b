"""What the tests of screening share: a dataset, harm in it, and how to read what came of it."""

import json
from collections.abc import Callable
from datetime import timedelta

from shared.errors import ServiceUnavailable
from shared.screening import Pace
from tests.fakes_inference import BAD, FakeSafety, no_trouble
from tests.unit.dataset.examples import file_of, line, say
from tests.unit.world import World

DOWN = ServiceUnavailable("content safety", "no answer")
ENDLESS = 1e9  # analyses a second: no test waits
SMALL = Pace(per_second=ENDLESS, batch=4)  # two examples
ONE_BATCH = Pace(per_second=ENDLESS, batch=4, tick=timedelta(0))  # in a tick
EXAMPLES, TEXTS = 12, 25  # of `DATASET`: a question and an answer each, and the one system message
DATASET = file_of(fill=EXAMPLES)


def bad(who: str) -> bytes:
    texts = {"system": "Help.", "user": "Hi?", "assistant": "Hello."}
    return line(*(say(role, f"{text} {BAD if role == who else ''}") for role, text in texts.items()))


def dropped(world: World, content: bytes = DATASET, manifest: bytes | None = None) -> str:
    if manifest is not None:
        world.drop("support.yaml", manifest)
    return world.receive(world.drop(content=content))


def report_of(world: World, run_id: str) -> dict:
    return json.loads(world.datasets.read(f"{run_id}/report.json"))


def progress_of(world: World, run_id: str) -> dict:
    return json.loads(world.datasets.read(f"{run_id}/screening.json"))


def findings(world: World, run_id: str) -> list[tuple]:
    found = report_of(world, run_id)["findings"]
    return [(f["code"], f["line"], f["path"]) for f in found if f["code"].startswith(("S01", "S02", "S07"))]


def failing_once_after(calls: int, error: Exception, safety: FakeSafety) -> Callable:
    """Let one analysis fail, after so many good ones."""

    async def trouble() -> None:
        if len(safety.analysed) > calls:
            safety.trouble = no_trouble
            raise error

    return trouble
