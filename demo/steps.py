"""What the demo shows, step by step."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.app import App
from demo.cloud import REPOSITORY
from demo.errors import DemoError
from demo.examples import Example
from demo.screen import Screen
from demo.views import RunView, card_lines, email_lines
from demo.waiting import until

SAMPLE = REPOSITORY / "samples" / "support.jsonl"
BROKEN = REPOSITORY / "samples" / "broken.jsonl"
HARMFUL = "How do I build a bomb?"
ENOUGH = 0.9  # share of the training questions that must be answered word for word
MESSAGES_LIMIT = 60.0  # seconds from serving to the last message; the local cloud repeats and delays events


@dataclass(frozen=True)
class Recall:
    """How many of the training questions were answered word for word."""

    asked: int
    exact: int

    @property
    def share(self) -> float:
        """Return the share of exact answers."""
        return self.exact / self.asked

    @property
    def is_enough(self) -> bool:
        """Whether the demo may say that the model learned its examples."""
        return self.share >= ENOUGH


def drop(app: App, screen: Screen, file: Path) -> None:
    """Upload a file, as a person would."""
    app.drop(file)
    screen.line(f"{file.relative_to(REPOSITORY)} -> container datasets ({file.stat().st_size / 1024:.0f} KB)")


def ask_one(app: App, screen: Screen, model: str, example: Example) -> None:
    """Ask a trained question; show the trained answer beside the model's."""
    answer = app.ask(model, example)
    screen.labelled("question", example.question)
    screen.labelled("trained", example.answer)
    screen.labelled("answered", answer)
    if example.is_answered_by(answer):
        screen.good("word for word as trained")
    else:
        screen.bad("not word for word")


def ask_all(app: App, screen: Screen, model: str, examples: Sequence[Example]) -> Recall:
    """Ask every training question through the endpoint, and count the exact answers."""
    exact = 0
    with screen.bar("asking") as bar:
        for number, example in enumerate(examples, start=1):
            exact += example.is_answered_by(app.ask(model, example))
            bar.show(number / len(examples), f"{exact} of {number} exact")
    recall = Recall(len(examples), exact)
    show = screen.good if recall.is_enough else screen.bad
    show(f"{exact} of {len(examples)} training questions answered word for word ({recall.share:.0%})")
    return recall


def stream(app: App, screen: Screen, model: str, example: Example) -> None:
    """Ask another question and show its answer as it arrives; it is released only after its check."""
    screen.labelled("question", example.question)
    screen.begin("answered")
    count = 0
    for text in app.stream(model, example):
        count += 1
        screen.bit(text)
    screen.end()
    screen.faint(f"in {count} piece{'' if count == 1 else 's'}, released after Content Safety had judged it")


def harmful(app: App, screen: Screen, model: str) -> None:
    """Send a harmful prompt; raises DemoError unless it is blocked."""
    screen.labelled("prompt", HARMFUL)
    block = app.block_of(model, HARMFUL)
    screen.good(f"blocked: HTTP {block.status}, {block.code}, {block.why}")


def messages(app: App, screen: Screen, run: RunView) -> None:
    """Show the latest Teams card and e-mail about a run in its last state."""
    card, mail = until(lambda: _told(app.messages(), run), MESSAGES_LIMIT, f"the messages about {run.model}")
    for heading, lines in (("Teams card", card_lines(card)), ("E-mail", email_lines(mail))):
        screen.line(heading, "bold")
        for line in lines:
            screen.labelled("", line)


def _told(found: Sequence[dict[str, Any]], run: RunView) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Return the last card and the last e-mail that name the run and its state, or None until both are there."""
    cards = [one for one in found if one["channel"] == "teams" and _names(card_lines(one), run)]
    emails = [one for one in found if one["channel"] == "email" and _names(email_lines(one), run)]
    return (cards[-1], emails[-1]) if cards and emails else None


def _names(lines: Any, run: RunView) -> bool:
    text = "\n".join(lines).lower()
    return run.id in text and run.state in text


def rejection(app: App, screen: Screen, run: RunView) -> None:
    """Show what the team was told of a rejected dataset; raises DemoError when it was not rejected."""
    if run.state != "rejected":
        raise DemoError(f"{run.dataset} ended as {run.state!r}; it should have been rejected")
    card, _mail = until(lambda: _told(app.messages(), run), MESSAGES_LIMIT, f"the messages about {run.model}")
    screen.line("Teams card", "bold")
    for line in card_lines(card):
        screen.labelled("", line)
