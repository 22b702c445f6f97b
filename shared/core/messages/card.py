"""A message as an Adaptive Card 1.5 for Teams; built as data, so no text can become a part of it.

All text is in text runs, in which nothing is taken for Markdown. TextBlock and FactSet take it, and what escapes
it there is not the same in Teams on desktops and on phones: github.com/microsoft/AdaptiveCards/issues/5590, 4677.
"""

from collections.abc import Iterator
from typing import Any

from shared.core.messages.background import NOTHING_MORE, Background
from shared.core.messages.words import Words, words_of
from shared.core.run import Notification

CALLS = "calls"  # the id of the part that the last button shows
Element = dict[str, Any]


def teams_card(notification: Notification, background: Background = NOTHING_MORE) -> Element:
    """Return the notification as an Adaptive Card."""
    run = notification.run
    words = words_of(run, background, notification.idle)
    buttons = list(_buttons(words))
    return {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.5",
        "msteams": {"width": "Full"},  # Teams' own word: without it a card is as narrow as a phone
        "fallbackText": f"A run is {run.state}. To read of it: tunedrop show {run.id}",  # it takes Markdown
        "body": [*_story(words), *_details(words)],
    } | ({"actions": buttons} if buttons else {})


def _story(words: Words) -> Iterator[Element]:
    title = _text(_run(words.happened, size="Large", weight="Bolder"))
    yield {"type": "Container", "style": words.style, "bleed": True, "items": [title]}
    yield _text(_run(words.means))
    for reason in words.reasons:
        yield _text(_run(f"•  {reason}"), spacing="Small")
    yield _text(_run("What to do next", weight="Bolder"))
    yield _text(_run(words.next_step), spacing="None")


def _details(words: Words) -> Iterator[Element]:
    if words.calls:
        yield {"type": "Container", "id": CALLS, "isVisible": False, "items": list(_calls(words))}
    facts = [
        _text(_run(f"{title}: ", weight="Bolder"), _run(value), spacing="None") for title, value in words.facts
    ]
    yield {"type": "Container", "separator": True, "spacing": "Medium", "items": facts}
    if words.report_note:
        yield _text(_run(words.report_note, size="Small", isSubtle=True))


def _calls(words: Words) -> Iterator[Element]:
    for title, call in words.calls:
        yield _text(_run(title, weight="Bolder"))
        lines = [_text(_run(line or " ", fontType="Monospace"), spacing="None") for line in call.splitlines()]
        yield {"type": "Container", "style": "emphasis", "spacing": "Small", "items": lines}


def _buttons(words: Words) -> Iterator[Element]:
    if words.report and words.report.url:
        yield {"type": "Action.OpenUrl", "title": "Read the report", "url": words.report.url}
    if words.run_page:
        yield {"type": "Action.OpenUrl", "title": "See the run", "url": words.run_page}
    if words.calls:
        yield {"type": "Action.ToggleVisibility", "title": words.calls_do, "targetElements": [CALLS]}


def _text(*runs: Element, **placed: Any) -> Element:
    return {"type": "RichTextBlock", "inlines": list(runs), **placed}


def _run(text: str, **look: Any) -> Element:
    return {"type": "TextRun", "text": text, **look}
