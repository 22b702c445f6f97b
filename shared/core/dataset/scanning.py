"""Looks for patterns in all texts: many texts at once, and only for what a quick look says may be there."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any, NamedTuple

from shared.core.dataset.second_pass import File, Found, SeenExample, SeenLine
from shared.core.dataset.tallies import Tally, excerpt

AT_ONCE = 64 * 1024  # characters that are looked through together
_BETWEEN = "\0"  # stands in no text, so nothing is found across two
_CODE_BLOCK = "```"


class Thing(NamedTuple):
    """What was found: its kind, and its text where that has to be masked."""

    what: str
    value: str = ""


Judge = Callable[[re.Match[str]], Thing | None]


@dataclass(frozen=True)
class Run:
    """A quick look: whether so many of some characters stand in a row, when others are left out."""

    characters: str
    length: int
    without: bytes = b""

    @cached_property
    def _table(self) -> bytes:
        wanted = self.characters.encode()
        return bytes(1 if code in wanted else 0 for code in range(256))

    def is_in(self, raw: bytes) -> bool:
        """Tell whether it is somewhere in a text's UTF-8."""
        return b"\1" * self.length in raw.translate(self._table, self.without)


@dataclass(frozen=True)
class Pattern:
    """One row of a table of patterns."""

    code: str
    regex: re.Pattern[str]
    judge: Judge  # a closer look; None where it is not what it looked like
    anchors: tuple[str, ...] = ()  # one of them stands in every match: looked for first, ten times as fast
    run: Run | None = None  # stands in every match, too
    beyond_ascii: bool = False  # matches only where there is more than ASCII
    roles: str = "suatdf"  # first letters of those whose texts are meant
    code_blocks: bool = True  # whether texts with blocks of code are meant, too
    elsewhere: bool = False  # whether names, tool definitions and lines with errors are meant, too

    def may_be_in(self, text: str) -> bool:
        """Tell quickly whether a closer look is worth its time."""
        if self.beyond_ascii and text.isascii():
            return False
        return not self.anchors or any(anchor in text for anchor in self.anchors)


def named(what: str, group: int = 0) -> Judge:
    """Return a judge that takes every match for this; the group is what gets masked."""
    return lambda match: Thing(what, match[group])


def unmasked(what: str) -> Judge:
    """Return a judge that takes every match for this, and has nothing to mask."""
    return lambda _match: Thing(what)


class _Place(NamedTuple):
    line: int
    path: str
    role: str  # its first letter; empty where nobody says it
    file: File


class TextScan:
    """The measure that runs a table of patterns over every text."""

    def __init__(self, name: str, patterns: Sequence[Pattern]) -> None:
        self.name = name
        self._patterns = patterns
        self._runs = {pattern.run for pattern in patterns if pattern.run}
        self._texts: list[str] = []
        self._places: list[_Place] = []
        self._size = 0
        self._tally = Tally()

    def see(self, example: SeenExample) -> None:
        """Keep the texts until there are enough of them to be looked through together."""
        for number, (role, text) in enumerate(example.messages):
            self._keep(text, _Place(example.line, f"$.messages[{number}].content", role[:1], example.file))
        for path, text in example.beside:
            self._keep(text, _Place(example.line, path, "", example.file))
        if self._size > AT_ONCE:
            self._look()

    def see_line(self, line: SeenLine) -> None:
        """Keep what a line with errors says."""
        self._keep(line.text, _Place(line.line, "", "", line.file))
        if self._size > AT_ONCE:
            self._look()

    def _keep(self, text: str, place: _Place) -> None:
        self._texts.append(text)
        self._places.append(place)
        self._size += len(text) + 1

    def findings(self) -> Iterator[Found]:
        """Yield what was found."""
        self._look()
        yield from self._tally.found()

    def summary(self) -> dict[str, Any]:
        """Return how many messages each code was found in; nothing where none was."""
        times = {code: self._tally.times(code) for code in sorted({pattern.code for pattern in self._patterns})}
        found = {code: count for code, count in times.items() if count}
        return {"messages_with_findings": found} if found else {}

    def _look(self) -> None:
        """Look through the texts that were kept; counts each code once for a message."""
        blob = _BETWEEN.join(self._texts)
        raw = blob.encode("utf-8", "replace")
        runs = {run for run in self._runs if run.is_in(raw)}
        starts = list(accumulate((len(text) + 1 for text in self._texts[:-1]), initial=0))
        counted: set[tuple[str, int]] = set()
        for pattern in self._patterns:
            if (pattern.run and pattern.run not in runs) or not pattern.may_be_in(blob):
                continue
            for match in pattern.regex.finditer(blob):
                index = bisect_right(starts, match.start()) - 1
                if (pattern.code, index) not in counted and self._is_found(pattern, match, index):
                    counted.add((pattern.code, index))
        self._texts, self._places, self._size = [], [], 0

    def _is_found(self, pattern: Pattern, match: re.Match[str], index: int) -> bool:
        """Tell whether the match is what the pattern looks for; then it is counted."""
        place = self._places[index]
        meant = place.role in pattern.roles if place.role else pattern.elsewhere
        if not meant or (not pattern.code_blocks and _CODE_BLOCK in self._texts[index]):
            return False
        thing = pattern.judge(match)
        if thing is None:
            return False
        message = f"{thing.what}: {excerpt(thing.value)}" if thing.value else thing.what
        self._tally.add(pattern.code, message, place.line, place.path, place.file)
        return True
