"""A message as an Adaptive Card 1.5 for Teams; built as data, so no text can become a part of it."""

from collections.abc import Iterator
from typing import Any

from shared.core.messages.background import NOTHING_MORE, Background
from shared.core.messages.words import Words, words_of
from shared.core.run import Notification

CALLS = "calls"  # the id of the part that the last button shows
Element = dict[str, Any]


def teams_card(notification: Notification, background: Background = NOTHING_MORE) -> Element:
    """Return the notification as an Adaptive Card."""
    words = words_of(notification.run, background, notification.idle)
    buttons = list(_buttons(words))
    return {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.5",
        "msteams": {"width": "Full"},  # Teams' own word: without it a card is as narrow as a phone
        "fallbackText": _plain(f"{words.happened}. {words.means}"),
        "body": [*_story(words), *_details(words)],
    } | ({"actions": buttons} if buttons else {})


def _story(words: Words) -> Iterator[Element]:
    title = _text(words.happened, size="Large", weight="Bolder", style="heading")
    yield {"type": "Container", "style": words.style, "bleed": True, "items": [title]}
    yield _text(words.means)
    for reason in words.reasons:
        yield _verbatim(f"•  {reason}", spacing="Small")
    yield _text("What to do next", weight="Bolder")
    yield _text(words.next_step, spacing="None")


def _details(words: Words) -> Iterator[Element]:
    if words.calls:
        yield {"type": "Container", "id": CALLS, "isVisible": False, "items": list(_calls(words))}
    facts = [{"title": title, "value": _plain(value)} for title, value in words.facts]
    yield {"type": "FactSet", "separator": True, "spacing": "Medium", "facts": facts}
    if words.report_note:
        yield _text(words.report_note, size="Small", isSubtle=True)


def _calls(words: Words) -> Iterator[Element]:
    for title, call in words.calls:
        yield _text(title, weight="Bolder")
        lines = [_verbatim(line or " ", "None", fontType="Monospace") for line in call.splitlines()]
        yield {"type": "Container", "style": "emphasis", "spacing": "Small", "items": lines}


def _buttons(words: Words) -> Iterator[Element]:
    if words.report and words.report.url:
        yield {"type": "Action.OpenUrl", "title": "Read the report", "url": words.report.url}
    if words.run_page:
        yield {"type": "Action.OpenUrl", "title": "See the run", "url": words.run_page}
    if words.calls:
        yield {"type": "Action.ToggleVisibility", "title": words.calls_do, "targetElements": [CALLS]}


def _text(text: str, **look: Any) -> Element:
    return {"type": "TextBlock", "text": _plain(text), "wrap": True, **look}


def _verbatim(text: str, spacing: str, **look: Any) -> Element:
    """Return a text in which nothing is taken for Markdown."""
    return {"type": "RichTextBlock", "spacing": spacing, "inlines": [{"type": "TextRun", "text": text, **look}]}


def _plain(text: str) -> str:
    """Return the text without Markdown's links: a dataset's words must not put one into our card."""
    return text.replace("](", "] (")
