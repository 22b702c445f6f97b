"""What people are told of a run, in words: what happened, what it means, what to do next."""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

from shared.core.run import Notification, Run, State

REASONS_SHOWN = 3  # a message is read in passing; the report has them all


@dataclass(frozen=True)
class Email:
    """An e-mail's words; the HTML says the same as the text."""

    subject: str
    html: str
    text: str


@dataclass(frozen=True)
class Story:
    """What one state means to people; `color` is an Adaptive Card's."""

    happened: Callable[[Run], str]
    means: Callable[[Run], str]
    next_step: Callable[[Run], str]
    color: str = "Default"


STORIES = {
    State.TRAINING: Story(
        lambda run: f"{run.model}: training has begun",
        lambda run: f"The dataset is fit to train on. Azure ML fine-tunes {run.checked.base_model} on it.",
        lambda _run: "Nothing to do. You will be told how it ends.",
        "Accent",
    ),
    State.ABANDONING: Story(
        lambda run: f"{run.model}: the run is being given up",
        lambda _run: "Its job is canceled and its endpoint deleted, so that nothing goes on costing money.",
        lambda _run: "Nothing to do yet. You will be told when nothing is left.",
        "Warning",
    ),
    State.SERVING: Story(
        lambda run: f"{run.model} is serving",
        lambda run: f"The fine-tuned model answers through the moderated endpoint, by the name {run.model}.",
        lambda run: f'Ask it: POST /v1/chat/completions with "model": "{run.model}" and your API key.',
        "Good",
    ),
    State.REJECTED: Story(
        lambda run: f"{run.model or run.dataset}: the dataset was rejected",
        lambda run: f"{run.dataset} cannot be trained on as it is. Nothing was trained and nothing was spent.",
        lambda run: f"Mend what is named here and drop the file again. {_every_finding(run)}".strip(),
        "Warning",
    ),
    State.FAILED: Story(
        lambda run: f"{run.model}: the run failed",
        lambda _run: "No new model serves. What served before under this name still does.",
        lambda run: f"When the reason is mended, drop {run.dataset} again: a new upload is a new run.",
        "Attention",
    ),
    State.CANCELED: Story(
        lambda run: f"{run.model}: the training was canceled",
        lambda _run: "Nothing of it is left that costs money. What served before under this name still does.",
        lambda run: f"Drop {run.dataset} again to train anew, or go on after all: tunedrop retry {run.id}",
        "Warning",
    ),
    State.DELETED: Story(
        lambda run: f"{run.model}: the model was deleted",
        lambda run: f"Its endpoint is gone and the model is archived. {run.model} no longer answers.",
        lambda run: f"Drop {run.dataset} again to train anew.",
        "Warning",
    ),
}


def teams_card(notification: Notification) -> dict[str, Any]:
    """Return the notification as an Adaptive Card."""
    run = notification.run
    story = _story(run)
    body = [
        _block(story.happened(run), size="Large", weight="Bolder", color=story.color),
        _block(story.means(run)),
        *[_block(f"- {reason}", spacing="Small") for reason in _reasons(run)],
        {"type": "FactSet", "facts": [{"title": name, "value": _plain(text)} for name, text in _facts(run)]},
        _block(story.next_step(run), weight="Bolder"),
    ]
    schema = "http://adaptivecards.io/schemas/adaptive-card.json"
    return {
        "type": "AdaptiveCard",
        "$schema": schema,
        "version": "1.5",
        "msteams": {"width": "Full"},
        "body": body,
    }


def email(notification: Notification) -> Email:
    """Return the notification as an e-mail."""
    run = notification.run
    story = _story(run)
    happened, means, next_step = story.happened(run), story.means(run), story.next_step(run)
    listed = "".join(f"<li>{escape(reason)}</li>" for reason in _reasons(run))
    rows = "".join(f"<tr><th align='left'>{escape(n)}</th><td>{escape(t)}</td></tr>" for n, t in _facts(run))
    html = (
        f"<h2>{escape(happened)}</h2><p>{escape(means)}</p>"
        + (f"<ul>{listed}</ul>" if listed else "")
        + f"<table cellpadding='4'>{rows}</table><p><b>{escape(next_step)}</b></p>"
    )
    reasons = [f"- {reason}" for reason in _reasons(run)]
    facts = [f"{name}: {text}" for name, text in _facts(run)]
    text = "\n".join([happened, "", means, *reasons, "", *facts, "", next_step, ""])
    return Email(" ".join(f"[TuneDrop] {happened}".split()), html, text)


def _story(run: Run) -> Story:
    """Return the state's story; a state that nobody is told of has a plain one."""
    plain = Story(lambda run: f"{run.model}: {run.state}", lambda _run: "", lambda _run: "")
    return STORIES.get(run.state, plain)


def _facts(run: Run) -> list[tuple[str, str]]:
    checked = run.checked
    examples = f"{checked.training_examples} to train on, {checked.validation_examples} to validate with"
    facts = [
        ("Dataset", run.dataset),
        ("Base model", checked.base_model),
        ("Examples", examples if checked.training_examples else ""),
        ("Owner", checked.owner),
        ("Run", run.id),
        ("Since", run.since.strftime("%Y-%m-%d %H:%M UTC")),
    ]
    return [(name, text) for name, text in facts if text]


def _reasons(run: Run) -> list[str]:
    shown = list(run.reasons[:REASONS_SHOWN])
    left = len(run.reasons) - len(shown)
    return [*shown, f"and {_further(left)}: {_report(run)}"] if left else shown


def _further(kinds: int) -> str:
    return "1 more kind" if kinds == 1 else f"{kinds} more kinds"


def _every_finding(run: Run) -> str:
    """Return where the report lies; a file in a wrong place, which names no model, was not looked into."""
    return f"Every finding: {_report(run)}." if run.model else ""


def _report(run: Run) -> str:
    return f"reports/{run.id}/report.html"


def _block(text: str, **look: str) -> dict[str, Any]:
    return {"type": "TextBlock", "text": _plain(text), "wrap": True, **look}


def _plain(text: str) -> str:
    """Return the text without Markdown's links: a dataset's words must not put one into our card."""
    return text.replace("](", "] (")
