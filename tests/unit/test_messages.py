"""What people are told."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from shared.core.lifecycle import LIFECYCLE
from shared.core.messages import REASONS_SHOWN, STORIES, email, teams_card
from shared.core.run import Channel, Checked, Notification, Run, State

NOW = datetime(2026, 11, 20, 12, 34, tzinfo=UTC)
RUN = Run(
    id="r" + "0" * 20,
    model="support",
    dataset="support.jsonl",
    etag="0x1",
    created=NOW,
    state=State.SERVING,
    since=NOW,
    checked=Checked(base_model="Phi-4-mini-instruct", training_examples=54, validation_examples=6, owner="Ann"),
)


def words(run: Run) -> list[str]:
    """Return what each channel says, as one text each."""
    mail = email(Notification(run, Channel.EMAIL))
    return [json.dumps(teams_card(Notification(run, Channel.TEAMS)), ensure_ascii=False), mail.text, mail.html]


def test_every_state_that_people_are_told_of_has_a_story():
    assert set(STORIES) == {state for state, stage in LIFECYCLE.items() if stage.notify}


@pytest.mark.parametrize(
    ("state", "happened", "next_step"),
    [
        (State.TRAINING, "training has begun", "Nothing to do"),
        (State.SERVING, "is serving", "POST /v1/chat/completions"),
        (State.REJECTED, "was rejected", "drop the file again"),
        (State.FAILED, "failed", "drop support.jsonl again"),
        (State.CANCELED, "canceled", "Drop support.jsonl again"),
    ],
)
def test_each_channel_says_what_happened_and_what_to_do(state: State, happened: str, next_step: str):
    for text in words(replace(RUN, state=state)):
        assert happened in text
        assert next_step in text
        for fact in ("support.jsonl", "Phi-4-mini-instruct", "54 to train on, 6 to validate with", RUN.id, "Ann"):
            assert fact in text


def test_what_is_not_known_is_left_out():
    for text in words(replace(RUN, checked=Checked())):
        assert "Base model" not in text
        assert "0 to train on" not in text


@pytest.mark.parametrize(("further", "counted"), [(1, "and 1 more kind:"), (3, "and 3 more kinds:")])
def test_the_first_three_reasons_are_told_and_the_other_kinds_counted(further: int, counted: str):
    assert REASONS_SHOWN == 3
    reasons = tuple(f"line {number}: not JSON" for number in range(1, REASONS_SHOWN + 1 + further))
    for text in words(replace(RUN, state=State.REJECTED, reasons=reasons)):
        assert f"line {REASONS_SHOWN}: not JSON" in text
        assert f"line {REASONS_SHOWN + 1}: not JSON" not in text
        assert f"{counted} reports/{RUN.id}/report.html" in text


def test_three_reasons_are_told_without_a_rest():
    for text in words(replace(RUN, state=State.REJECTED, reasons=("a", "b", "c"))):
        assert "more kind" not in text


def test_a_file_in_a_wrong_place_has_no_report_to_read():
    for text in words(replace(RUN, state=State.REJECTED, model="", dataset="a/b/c.jsonl", reasons=("too deep",))):
        assert "a/b/c.jsonl: the dataset was rejected" in text
        assert "Every finding" not in text


def test_a_datasets_words_are_text_and_nothing_else():
    run = replace(RUN, state=State.REJECTED, reasons=('<img src="x"> [free](https://evil.example)',))
    card, _text, html = words(run)
    assert "](" not in card
    assert "<img" not in html
    assert "&lt;img" in html


@pytest.mark.parametrize("model", ["support", "a\nBcc: x", "a\r\nb"])
def test_a_subject_is_one_line(model: str):
    assert len(email(Notification(replace(RUN, model=model), Channel.EMAIL)).subject.splitlines()) == 1


def test_the_largest_card_fits_into_teams():
    run = replace(RUN, state=State.REJECTED, reasons=("ü" * 250,) * 100)
    assert len(json.dumps(teams_card(Notification(run, Channel.TEAMS))).encode()) < 28 * 1024
