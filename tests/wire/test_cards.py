"""Our cards are Adaptive Cards 1.5: by the official JSON schema, and by Microsoft's stricter library."""

import json
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft6Validator

from shared.core.messages import NOTHING_MORE, STORIES, Background, ReportPlace, teams_card
from shared.core.run import Channel, Idle, Notification, State
from tests.contract.examples import RUN, START

JUDGE = Path(__file__).with_name("judge_cards.cjs")
REPORT = ReportPlace(
    "reports/r/report.html", "https://st.example/report.html?sig=s", datetime(2026, 11, 27, tzinfo=UTC)
)
EVERYTHING = Background(
    report=REPORT, app_address="https://app.example", run_page="https://app.example/runs/r/page"
)


def judged(cards: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what is wrong with each card, and the card as far as the library knows its parts."""
    done = subprocess.run(
        ["node", str(JUDGE)], input=json.dumps(cards), capture_output=True, text=True, timeout=60, check=True
    )
    return json.loads(done.stdout)


def card_of(state: State, background: Background) -> dict[str, Any]:
    reasons = ("the training failed: out of memory", "b", "c", "d")
    run = replace(RUN, state=state, reasons=reasons, since=START + timedelta(hours=2), attempt=2)
    return teams_card(Notification(run, Channel.TEAMS), background)


def idle_card(background: Background) -> dict[str, Any]:
    idle = Idle(START, START + timedelta(days=3))
    return teams_card(Notification(replace(RUN, state=State.SERVING), Channel.TEAMS, idle), background)


def test_every_card_is_valid_and_holds_nothing_unknown():
    cards = [card_of(state, background) for state in STORIES for background in (EVERYTHING, NOTHING_MORE)]
    cards += [idle_card(EVERYTHING), idle_card(NOTHING_MORE)]
    for verdict in judged(cards):
        assert verdict["problems"] == []
        assert verdict["known"] == verdict["plain"]


@pytest.fixture(scope="module")
def schema() -> Draft6Validator:
    """The schema of 1.5 as Microsoft publishes it; its own npm packages hold none newer than 1.0."""
    text = (files("adaptive_cards") / "schemas" / "schema-1.5.json").read_text("utf-8")
    return Draft6Validator(json.loads(text))


@pytest.mark.parametrize("background", [EVERYTHING, NOTHING_MORE], ids=["everything", "nothing more"])
@pytest.mark.parametrize("state", [*STORIES, None], ids=[*STORIES, "idle"])
def test_every_card_fits_the_official_schema(schema: Draft6Validator, state: State | None, background: Background):
    card = card_of(state, background) if state else idle_card(background)
    del card["msteams"]  # Teams' own word, which the schema does not know
    assert list(schema.iter_errors(card)) == []
    card["body"][0]["items"][0]["inlines"][0]["size"] = "Huge"
    assert list(schema.iter_errors(card))


GOOD = {"type": "TextBlock", "text": "a"}


@pytest.mark.parametrize(
    "element",
    [
        {"type": "TextBlok", "text": "a"},
        {"type": "TextBlock", "text": "a", "size": "Huge"},
        {"type": "TextBlock", "text": "a", "colour": "Good"},
        {"type": "ActionSet", "actions": [{"type": "Action.OpenUrl", "title": "no URL"}]},
        {"type": "ActionSet", "actions": [{"type": "Action.OpenUrl", "url": "https://x.example", "role": "Link"}]},
    ],
)
def test_the_judge_finds_what_is_wrong(element: dict[str, Any]):
    (verdict,) = judged([{"type": "AdaptiveCard", "version": "1.5", "body": [GOOD, element]}])
    assert verdict["problems"] or verdict["known"]["body"] != verdict["plain"]["body"]


def test_the_judge_lets_a_plain_card_pass():
    schema = "http://adaptivecards.io/schemas/adaptive-card.json"
    card = {"type": "AdaptiveCard", "$schema": schema, "version": "1.5", "body": [GOOD]}
    assert judged([card]) == [{"problems": [], "known": card, "plain": card}]
