"""Whatever people name their files, models and owners, a message shows it as it is written: it is no markup."""

from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from shared.core.messages import STORIES, email, teams_card
from shared.core.run import Channel, Notification, Run, State
from tests.cards import texts_of
from tests.unit.test_messages import CHECKED, RUN

HOSTILE = [
    "**PAY NOW** <https://evil.example/x> `a` # b.jsonl",
    '<img src="x"> [free](https://evil.example) **x**',
    "<at>everybody</at> _now_ ~~or~~ never",
    "</td></tr></table><a href='https://evil.example'>x</a>",
    "- a list",
    "1. a list",
    "# a heading",
    "> a quotation",
    "a\n\n- b\n# c",
    "&lt;b&gt; \\*x\\*",
]


def named(text: str, state: State) -> Run:
    """Return a run in which everything that people name has this name."""
    checked = replace(CHECKED, base_model=text, owner=text)
    return replace(RUN, state=state, dataset=text, model=text, reasons=(text,), checked=checked)


def outside_of_runs(part: Any) -> Iterator[str]:
    """Yield every string of a card that is not the text of a text run, which knows no Markdown."""
    if isinstance(part, dict):
        for name, value in part.items():
            if (part.get("type"), name) != ("TextRun", "text"):
                yield from outside_of_runs(value)
    elif isinstance(part, list):
        for one in part:
            yield from outside_of_runs(one)
    elif isinstance(part, str):
        yield part


class Markup(HTMLParser):
    """The tags of a page with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[Any] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, attrs))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("state", [*STORIES])
@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_datasets_words_are_text_and_nothing_else(hostile: str, state: State):
    card, harmless = (
        teams_card(Notification(named(text, state), Channel.TEAMS)) for text in (hostile, "harmless")
    )
    assert hostile in "".join(texts_of(card))
    assert list(outside_of_runs(card)) == list(outside_of_runs(harmless))
    page, plain = (
        Markup(email(Notification(named(text, state), Channel.EMAIL)).html) for text in (hostile, "harmless")
    )
    assert hostile in page.text
    assert page.tags == plain.tags
