"""Reading Adaptive Cards in tests."""

from collections.abc import Iterator
from typing import Any


def texts_of(card: dict[str, Any]) -> Iterator[str]:
    """Yield every text that a card shows, in order."""
    for element in card.get("body", []) + card.get("items", []) + card.get("inlines", []):
        if "text" in element:
            yield element["text"]
        for fact in element.get("facts", []):
            yield f"{fact['title']}: {fact['value']}"
        yield from texts_of(element)
    yield from (action["title"] for action in card.get("actions", []))
