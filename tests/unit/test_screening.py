"""Screening for harm: what is looked at, and what is made of it."""

import logging
import re

import pytest

from shared.core.dataset.findings import LISTED
from shared.core.dataset.harm import Harm, Harms, code_of, with_harms
from shared.core.run import State
from shared.core.screening import MOST_SYSTEMS, Mode, Progress, plan_of
from shared.ports import Analysis
from tests.fakes_inference import BAD, CLEAN, FakeSafety
from tests.unit.dataset.examples import check, file_of, good, line, say
from tests.unit.screening_world import (
    DATASET,
    EXAMPLES,
    ONE_BATCH,
    TEXTS,
    bad,
    dropped,
    findings,
    progress_of,
    report_of,
)
from tests.unit.world import World


def turn(number: int) -> tuple:
    return say("user", f"Question {number}?"), say("assistant", f"Answer {number}.")


@pytest.mark.parametrize(
    ("role", "severity", "code"),
    [
        ("assistant", 1, None),
        ("assistant", 2, "S01b"),
        ("assistant", 3, "S01b"),
        ("assistant", 4, "S01"),
        ("assistant", 7, "S01"),
        ("user", 1, None),
        ("user", 2, "S01b"),
        ("user", 5, "S01b"),
        ("user", 6, "S01"),
        ("system", 5, "S01b"),
        ("tool", 6, "S01"),
    ],
)
def test_the_assistant_may_say_less_than_others(role: str, severity: int, code: str | None):
    assert code_of(role, "violence", severity) == code
    assert code_of(role, "violence", severity, ["hate"]) == code
    assert code_of(role, "violence", severity, ["violence"]) == (code and "S02")


@pytest.mark.parametrize(
    ("who", "severity", "manifest", "found", "state"),
    [
        ("nobody", 6, None, [], State.TRAINING),
        ("assistant", 6, None, [("S01", 2, "$.messages[2].content")], State.REJECTED),
        ("user", 6, None, [("S01", 2, "$.messages[1].content")], State.REJECTED),
        ("system", 6, None, [("S01", 2, "$.messages[0].content")], State.REJECTED),
        ("user", 4, None, [("S01b", 2, "$.messages[1].content")], State.TRAINING),
        ("assistant", 2, None, [("S01b", 2, "$.messages[2].content")], State.TRAINING),
        ("assistant", 2, b"strict: true", [("S01b", 2, "$.messages[2].content")], State.REJECTED),
        (
            "assistant",
            6,
            b"allow_harm: violence\nowner: ann@example.org",
            [("S02", 2, "$.messages[2].content")],
            State.TRAINING,
        ),
        (
            "assistant",
            6,
            b"allow_harm: Hate, sexual\nowner: ann@example.org",
            [("S01", 2, "$.messages[2].content")],
            State.REJECTED,
        ),
    ],
)
def test_a_harmful_text_is_named_by_its_line(who, severity, manifest, found, state):
    world = World()
    world.safety.severity = severity
    run_id = dropped(world, file_of(good(900), bad(who), fill=198), manifest)  # so many that nothing else is found
    world.reconciler.advance(run_id)
    assert findings(world, run_id) == found
    assert world.run(run_id).state is state
    written = world.datasets.read(f"{run_id}/report.json") + world.datasets.read(f"{run_id}/screening.json")
    assert BAD.encode() not in written


def test_a_note_names_the_owner_and_a_reason_names_the_line_and_not_the_text():
    world = World()
    run_id = dropped(world, file_of(bad("user"), fill=20), b"allow_harm: violence\nowner: ann@example.org")
    world.reconciler.advance(run_id)
    [note] = [f["message"] for f in report_of(world, run_id)["findings"] if f["code"] == "S02"]
    assert re.fullmatch(
        r"violence, severity 6 of 7, in a text of the user \(hash [0-9a-f]{8}\), which the manifest allows; "
        r"its owner is ann@example\.org",
        note,
    )
    other = World()
    run_id = dropped(other, file_of(bad("user"), fill=20))
    other.reconciler.advance(run_id)
    [reason] = other.run(run_id).reasons
    assert reason.startswith("line 1: violence, severity 6 of 7, in a text of the user (hash ")


@pytest.mark.parametrize("manifest", [b"allow_harm: violence", b"allow_harm: crime\nowner: ann@example.org"])
def test_harm_is_not_allowed_without_an_owner_or_a_known_category(manifest: bytes):
    world = World()
    run_id = dropped(world, manifest=manifest)
    world.reconciler.advance(run_id)
    assert world.run(run_id).state is State.REJECTED
    assert "allow_harm" in world.run(run_id).reasons[0]
    assert world.safety.analysed == []


def test_no_text_gets_into_logs_or_notifications(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    world = World()
    dropped(world, file_of(bad("assistant"), fill=20))
    world.tick(3)
    assert world.teams.sent
    assert BAD in " ".join(world.safety.analysed)
    assert BAD not in caplog.text + repr(world.teams.sent) + repr(world.email.sent)


def test_the_check_is_made_when_screening_begins_and_when_it_ends_however_many_ticks_lie_between():
    world = World(pace=ONE_BATCH, screening_mode=Mode.ALL)
    run_id = dropped(world)
    reports = []
    whole = world.datasets.write

    def write(path, pieces, content_type):
        reports.extend([path] if path.endswith("report.json") else [])
        whole(path, pieces, content_type)

    world.datasets.write = write
    world.tick(7)
    assert len(world.safety.analysed) == TEXTS
    assert reports == [f"{run_id}/report.json"] * 2


def test_every_text_is_asked_about_once_and_the_system_message_once_at_all():
    world = World(screening_mode=Mode.ALL)
    run_id = dropped(world)
    world.reconciler.advance(run_id)
    expected = [*(f"Question {n}?" for n in range(EXAMPLES)), *(f"Answer {n}." for n in range(EXAMPLES)), "Help."]
    assert sorted(world.safety.analysed) == sorted(expected)
    counts = progress_of(world, run_id)
    assert (counts["examples"], counts["texts"], counts["analyses"]) == (EXAMPLES, TEXTS, TEXTS)


@pytest.mark.parametrize(
    ("harmful", "path", "who"),
    [
        (line(say("user", "Hi?", name=BAD), say("assistant", "Hello.")), "$.messages[0].content", "user"),
        (line(*turn(1), tools=[{"function": {"name": "f", "description": BAD}}]), "$.tools", "tools"),
        (line(*turn(1), functions=[{"name": BAD}]), "$.functions", "tools"),
    ],
    ids=["a name", "a tool", "a function"],
)
def test_names_and_tool_definitions_are_screened_too(harmful: bytes, path: str, who: str):
    world = World(screening_mode=Mode.ALL)
    run_id = dropped(world, file_of(harmful, *[line(*turn(7), tools=[{"name": "f"}])] * 3, fill=10))
    world.reconciler.advance(run_id)
    assert findings(world, run_id) == [("S01", 1, path)]
    assert f"in a text of the {who} " in world.run(run_id).reasons[0]
    assert world.safety.analysed.count("name: f") == 1


def test_a_number_that_json_knows_no_bounds_of_stops_no_screening():
    world = World()
    run_id = dropped(world, file_of(line(*turn(1))[:-1] + b', "score": 1e999}', fill=12))
    world.reconciler.advance(run_id)
    assert world.run(run_id).state is State.TRAINING


def test_so_many_system_messages_that_not_all_are_remembered_are_all_screened():
    world = World(screening_mode=Mode.ALL)
    count = MOST_SYSTEMS + 5
    run_id = dropped(world, file_of(*(line(say("system", f"S{n}"), *turn(n)) for n in range(count))))
    world.reconciler.advance(run_id)
    assert len([text for text in world.safety.analysed if text.startswith("S")]) == count
    assert len(progress_of(world, run_id)["systems"]) == MOST_SYSTEMS


def test_a_long_text_is_looked_at_to_its_end_and_counts_as_one():
    world = World()
    long = line(say("user", "word " * 2_500 + BAD), say("assistant", "Long."))
    run_id = dropped(world, file_of(good(90), long, fill=12))
    world.reconciler.advance(run_id)
    assert findings(world, run_id) == [("S01", 2, "$.messages[0].content")]
    assert report_of(world, run_id)["files"][0]["counts"]["S01"] == 1


def test_all_harmful_texts_are_counted_and_the_first_are_listed():
    world = World()
    run_id = dropped(world, file_of(*(good(n).replace(b"Answer", BAD.encode()) for n in range(LISTED + 5))))
    world.reconciler.advance(run_id)
    assert len(findings(world, run_id)) == LISTED
    assert report_of(world, run_id)["files"][0]["counts"]["S01"] == LISTED + 5


def test_the_validation_file_is_screened_too():
    world = World()
    world.drop("support.validation.jsonl", file_of(b"", good(90), bad("user")))
    run_id = dropped(world)
    world.reconciler.advance(run_id)
    [found] = [f for f in report_of(world, run_id)["findings"] if f["code"] == "S01"]
    assert (found["file"], found["line"]) == ("support.validation.jsonl", 3)
    assert world.run(run_id).state is State.REJECTED


def test_a_dataset_with_errors_is_not_screened():
    world = World()
    run_id = dropped(world, DATASET + b"{}\n")
    world.reconciler.advance(run_id)
    assert world.run(run_id).state is State.REJECTED
    assert world.safety.analysed == []


def test_a_sample_is_seeded_by_the_content_and_of_the_size_asked_for():
    worlds = [World(screening_sample=5) for _ in range(3)]
    contents = [file_of(fill=50), file_of(fill=50), file_of(fill=51)]
    for world, content in zip(worlds, contents, strict=True):
        run_id = dropped(world, content)
        world.reconciler.advance(run_id)
        assert progress_of(world, run_id)["examples"] == 5
        assert len(world.safety.analysed) == 1 + 2 * 5
    first, again, other = (sorted(world.safety.analysed) for world in worlds)
    assert first == again
    assert first != other


def test_off_asks_nothing_and_says_so():
    world = World(screening_mode=Mode.OFF)
    run_id = dropped(world, file_of(bad("assistant"), fill=20))
    world.tick(6)
    assert world.run(run_id).state is State.SERVING
    assert world.safety.analysed == []
    assert world.datasets.read(f"{run_id}/screening.json") is None


@pytest.mark.parametrize(
    ("mode", "sample", "chosen"),
    [(Mode.ALL, 5, 12), (Mode.SAMPLE, 5, 5), (Mode.SAMPLE, 99, 12), (Mode.OFF, 5, 0)],
)
def test_the_report_says_how_much_was_screened(mode: Mode, sample: int, chosen: int):
    report = check(DATASET)
    plan = plan_of(report, mode, sample)
    assert len([number for number in range(EXAMPLES) if number in plan.numbers()]) == chosen
    harm = Harm("S01", "support.jsonl", 3, "$.messages[1].content", "user", "hate", 6, "0123abcd")
    progress = Progress(plan, ("0x1",), next=EXAMPLES, examples=chosen, harms=Harms().adding([harm]))
    screened = with_harms(report, progress.harms, progress.summary())
    assert progress.done
    assert screened.measures["screening"] == {
        "mode": mode,
        "examples": chosen,
        "of": EXAMPLES,
        "texts": 0,
        "analyses": 0,
        "state": "finished",
    }
    assert (report.accepted, screened.accepted, screened.count("S01")) == (True, False, 1)
    assert [finding.line for finding in screened.findings] == [None, 3]  # as many findings as before, in order


def test_the_worst_of_each_category_counts_and_unknown_ones_keep_their_names():
    class Severe(FakeSafety):
        async def analyze(self, text: str) -> Analysis:
            await super().analyze(text)
            return Analysis({**CLEAN, "Hate": 4, "Newest": 4} if text == "Answer 3." else CLEAN)

    world = World(safety=Severe())
    run_id = dropped(world)
    world.reconciler.advance(run_id)
    found = [f["message"].split(" in ")[0] for f in report_of(world, run_id)["findings"] if f["code"] == "S01"]
    assert found == ["hate, severity 4 of 7,", "newest, severity 4 of 7,"]
