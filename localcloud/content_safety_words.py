"""The word list behind the Content Safety stand-in: transparent, literal, and never for production."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

WORDS = Path(__file__).with_name("content_safety_words.toml")
CATEGORIES = ("Hate", "Sexual", "SelfHarm", "Violence")
Pattern = re.Pattern[str]


def phrase_pattern(phrases: Iterable[str]) -> Pattern:
    """Return a pattern that finds any of the phrases at word boundaries, without regard to case."""
    return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, phrases)) + r")(?!\w)", re.IGNORECASE)


@cache
def _tables() -> tuple[Mapping[str, list[tuple[int, Pattern]]], Mapping[str, Pattern]]:
    listed = tomllib.loads(WORDS.read_text("utf-8"))
    severities = {
        category: sorted(((int(s), phrase_pattern(p)) for s, p in listed[category].items()), key=lambda x: -x[0])
        for category in CATEGORIES
    }
    return severities, {name: phrase_pattern(listed[name]["phrases"]) for name in ("attacks", "protected")}


def severity(category: str, text: str) -> int:
    """Return how severe the text is in one category: 0 (nothing listed was found) to 7."""
    return next((level for level, pattern in _tables()[0][category] if pattern.search(text)), 0)


def is_attack(text: str) -> bool:
    """Tell whether the text holds a listed jailbreak phrase."""
    return _tables()[1]["attacks"].search(text) is not None


def is_protected(text: str) -> bool:
    """Tell whether the text holds the line that the list calls protected."""
    return _tables()[1]["protected"].search(text) is not None
