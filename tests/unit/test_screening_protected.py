"""Answers are compared with what others have published, where the manifest asks for it."""

import pytest

from shared.core.run import State
from shared.core.screening import Mode
from tests.fakes_inference import LYRICS
from tests.unit.dataset.examples import file_of, line, say
from tests.unit.screening_world import DATASET, SMALL, dropped, findings, progress_of, report_of
from tests.unit.world import World

SONG = f"{LYRICS}, " + "la " * 40
ASKING, SILENT = b"protected_material: true", b"protected_material: false"


def sung(who: str, song: str = SONG) -> bytes:
    texts = {"user": "Sing!", "assistant": "No."}
    return line(*(say(role, song if role == who else text) for role, text in texts.items()))


@pytest.mark.parametrize(
    ("content", "manifest", "found"),
    [
        (sung("assistant"), ASKING, [("S07", 1, "$.messages[1].content")]),
        (sung("assistant"), SILENT, []),
        (sung("assistant", "word " * 1_990 + SONG), ASKING, [("S07", 1, "$.messages[1].content")]),
        (sung("user"), ASKING, []),
        (sung("assistant", LYRICS), ASKING, []),  # too short for anybody to tell
        (sung("assistant", "la " * 40), ASKING, []),
    ],
    ids=["an answer", "not asked for", "a long answer", "a prompt", "short", "one's own"],
)
def test_what_others_have_published_is_noted_with_its_line_and_trained_on(content, manifest, found):
    world = World()
    run_id = dropped(world, file_of(content, fill=20), manifest)
    world.reconciler.advance(run_id)
    assert findings(world, run_id) == found
    assert world.run(run_id).state is State.TRAINING
    assert LYRICS.encode() not in world.datasets.read(f"{run_id}/report.json")
    if found:
        [note] = [f["message"] for f in report_of(world, run_id)["findings"] if f["code"] == "S07"]
        assert note.startswith("what others have published stands in a text of the assistant (hash ")


def test_comparing_goes_on_over_ticks_and_asks_nothing_twice():
    songs = [sung("assistant", f"{number}: {SONG}") for number in range(12)]
    world = World(screening_mode=Mode.ALL, pace=SMALL)
    run_id = dropped(world, file_of(*songs, *DATASET.splitlines()), ASKING)
    world.tick(20)
    assert len(world.safety.compared) == len(set(world.safety.compared)) == 12
    assert progress_of(world, run_id)["analyses"] == len(world.safety.analysed) + 12
    assert report_of(world, run_id)["files"][0]["counts"]["S07"] == 12
