"""Screening for harm: what is looked at, what is made of it, how it goes on after ticks, crashes and outages."""

import asyncio
import json
import logging
import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from shared.core.dataset.findings import LISTED
from shared.core.dataset.harm import Harm, Harms, code_of, with_harms
from shared.core.run import State
from shared.core.screening import MOST_SYSTEMS, Mode, Progress, plan_of
from shared.errors import ServiceRefused, ServiceUnavailable, TooManyRequests
from shared.ports import Analysis
from shared.screening import Pace
from tests.fakes_inference import BAD, CLEAN, FakeSafety, hanging, no_trouble, raising
from tests.unit.dataset.examples import check, file_of, good, line, say
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
    return [(f["code"], f["line"], f["path"]) for f in found if f["code"].startswith("S0")]


def failing_once_after(calls: int, error: Exception, safety: FakeSafety) -> Callable:
    """Let one analysis fail, after so many good ones."""

    async def trouble() -> None:
        if len(safety.analysed) > calls:
            safety.trouble = no_trouble
            raise error

    return trouble


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


def test_so_many_system_messages_that_not_all_are_remembered_are_all_screened():
    world = World(screening_mode=Mode.ALL)
    count = MOST_SYSTEMS + 5
    run_id = dropped(world, file_of(*(line(say("system", f"S{n}"), *TURN(n)) for n in range(count))))
    world.reconciler.advance(run_id)
    assert len([text for text in world.safety.analysed if text.startswith("S")]) == count
    assert len(progress_of(world, run_id)["systems"]) == MOST_SYSTEMS


def TURN(number: int) -> tuple:  # noqa: N802
    return say("user", f"Question {number}?"), say("assistant", f"Answer {number}.")


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


def test_a_tick_does_its_share_and_the_next_one_goes_on():
    world = World(pace=ONE_BATCH, screening_mode=Mode.ALL)
    run_id = dropped(world)
    shares = []
    while world.run(run_id).state is State.RECEIVED:
        before = len(world.safety.analysed)
        world.reconciler.advance(run_id)
        shares.append(len(world.safety.analysed) - before)
    assert shares == [5, 4, 4, 4, 4, 4]
    assert world.run(run_id).state is State.TRAINING


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("saving", range(1, 8))
def test_a_crash_at_any_saving_costs_one_batch_and_never_begins_anew(saving: int, after: bool):
    world = World(pace=SMALL, screening_mode=Mode.ALL)
    run_id = dropped(world)
    _crash_at(world, saving, after)
    with pytest.raises(ZeroDivisionError):
        world.reconciler.advance(run_id)
    world.datasets.write = type(world.datasets).write.__get__(world.datasets)
    world.tick()
    assert world.run(run_id).state is not State.RECEIVED
    assert len(world.safety.analysed) - TEXTS in ((0,) if after else (0, 4, 5))
    assert (progress_of(world, run_id)["examples"], progress_of(world, run_id)["texts"]) == (EXAMPLES, TEXTS)


def _crash_at(world: World, saving: int, after: bool) -> None:
    """Let the process die at one saving of the progress."""
    whole, savings = world.datasets.write, []

    def write(path, pieces, content_type):
        savings.extend([path] if path.endswith("screening.json") else [])
        dies = len(savings) == saving and path.endswith("screening.json")
        if not dies or after:
            whole(path, pieces, content_type)
        if dies:
            raise ZeroDivisionError

    world.datasets.write = write


def test_whoever_finds_a_claim_leaves_the_screening_alone():
    world = World(pace=SMALL, screening_mode=Mode.ALL)
    run_id = dropped(world)
    _crash_at(world, 2, after=True)
    with pytest.raises(ZeroDivisionError):
        world.reconciler.advance(run_id)
    world.datasets.write = type(world.datasets).write.__get__(world.datasets)
    analysed = list(world.safety.analysed)
    world.reconciler.advance(run_id)
    assert world.safety.analysed == analysed
    assert world.run(run_id).state is State.RECEIVED


def test_too_many_requests_end_the_tick_and_are_not_asked_again_before_they_said():
    world = World(pace=Pace(per_second=ENDLESS, batch=8, at_once=1), screening_mode=Mode.ALL)
    run_id = dropped(world)
    world.safety.trouble = failing_once_after(6, TooManyRequests("content safety", "429", 120.0), world.safety)
    world.reconciler.advance(run_id)
    assert len(world.safety.analysed) == 7
    progress = progress_of(world, run_id)
    assert (progress["next"], progress["trouble"]) == (2, "content safety: 429")  # two whole examples are kept
    world.tick()
    assert len(world.safety.analysed) == 7
    world.tick()
    assert len(world.safety.analysed) == 7 + TEXTS - 5
    assert world.run(run_id).state is not State.RECEIVED


@pytest.mark.parametrize("error", [DOWN, TooManyRequests("content safety", "429")])
def test_one_bad_moment_costs_one_more_analysis(error: Exception):
    world = World(screening_mode=Mode.ALL)
    run_id = dropped(world)
    world.safety.trouble = failing_once_after(6, error, world.safety)
    world.reconciler.advance(run_id)
    assert len(world.safety.analysed) == TEXTS + 1
    assert world.run(run_id).state is State.TRAINING


@pytest.mark.parametrize("error", [DOWN, ServiceRefused("content safety", "403", 403)])
def test_an_outage_is_waited_for_and_nothing_is_trained_meanwhile(error: Exception):
    world = World()
    run_id = dropped(world)
    world.safety.trouble = raising(error)
    world.tick(5)
    assert world.run(run_id).state is State.RECEIVED
    assert "support" not in {run.model for run in world.runs.latest(9) if run.state is State.TRAINING}
    world.safety.trouble = no_trouble
    world.tick(6)
    assert world.run(run_id).state is State.SERVING


def test_an_outage_that_does_not_end_fails_the_run_and_is_named():
    world = World()
    run_id = dropped(world)
    world.safety.trouble = raising(DOWN)
    world.tick()
    world.now += timedelta(hours=4)
    world.tick()
    assert world.run(run_id).state is State.FAILED
    assert world.run(run_id).reasons == (
        "received took longer than 4 h; at last: screened 0 of 12 examples for harm; content safety: no answer",
    )
    assert world.training.created == 0


def test_a_service_that_hangs_is_given_up():
    world = World(pace=Pace(per_second=ENDLESS, patience=0.01))
    run_id = dropped(world)
    world.safety.trouble = hanging
    world.reconciler.advance(run_id)
    assert progress_of(world, run_id)["trouble"] == "content safety: no analysis in time"


def test_a_changed_file_beside_the_dataset_is_screened_anew():
    world = World(pace=ONE_BATCH, screening_mode=Mode.ALL)
    run_id = dropped(world)
    world.reconciler.advance(run_id)
    world.drop("support.yaml", b"epochs: 2")
    world.tick(8)
    assert world.run(run_id).state is not State.RECEIVED
    assert len(world.safety.analysed) == 5 + TEXTS


def test_a_dataset_that_is_replaced_meanwhile_is_rejected():
    world = World(pace=ONE_BATCH, screening_mode=Mode.ALL)
    run_id = dropped(world)
    world.reconciler.advance(run_id)
    world.drop(content=file_of(fill=30))
    world.reconciler.advance(run_id)
    assert world.run(run_id).state is State.REJECTED
    assert "replaced" in world.run(run_id).reasons[0]


@pytest.mark.parametrize("content", [b"", b"{}", b'{"plan": 1}', b"\xff"])
def test_a_progress_that_cannot_be_read_begins_anew(content: bytes):
    world = World()
    run_id = dropped(world)
    world.datasets.write(f"{run_id}/screening.json", [content], "application/json")
    world.reconciler.advance(run_id)
    assert world.run(run_id).state is State.TRAINING
    assert len(world.safety.analysed) == TEXTS


def test_analyses_are_spread_over_time():
    world = World(pace=Pace(per_second=500, tick=timedelta(0)))
    run_id = dropped(world)
    times: list[float] = []
    world.safety.trouble = _noting(times)
    world.reconciler.advance(run_id)
    assert len(times) == TEXTS
    assert times[-1] - times[0] >= (TEXTS - 1) / 500 * 0.9


def _noting(times: list[float]) -> Callable:
    async def note() -> None:
        times.append(asyncio.get_running_loop().time())

    return note


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
