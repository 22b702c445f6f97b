"""Repairs what can be repaired without a doubt; each fix has its switch, and each change is told with its line."""

from __future__ import annotations  # array[int] is a type from Python 3.12 on

import hashlib
import re
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from shared.core.dataset.comparing import repeated
from shared.core.dataset.contents import with_contents
from shared.core.dataset.decoding import NotJson, value_of
from shared.core.dataset.findings import LISTED
from shared.core.dataset.kinds import other_kind
from shared.core.dataset.lines import BOM, MAX_LINE, Lines, unchanged
from shared.core.dataset.objects import NotRepairable, objects_in
from shared.core.dataset.reading import Places

SPACE = b" \t"
ZERO_WIDTH = "\u200b\u2060\ufeff"  # not the joiners: emoji and some scripts need them
_ZERO_WIDTH = re.compile(f"[{ZERO_WIDTH}]")
_BLANK_LINES = re.compile(r"\A\s*[\r\n]")
_DECODER = msgspec.json.Decoder(float_hook=lambda spelled: msgspec.Raw(spelled.encode()))  # no digit is lost


@dataclass(frozen=True)
class Fix:
    """One safe fix; `--no-<name>` on the command line switches it off."""

    name: str
    did: str  # what it did
    no: str  # what switching it off does
    codes: tuple[str, ...] = ()  # the rules whose findings it mends


FIXES = (
    Fix("bom", "took off the byte-order mark", "leave the byte-order mark", ("F05",)),
    Fix("array", "wrote each object on one line", "refuse a JSON array and indented JSON", ("F10",)),
    Fix("line-ends", "ended with LF", "leave CRLF, and a missing end of the last line", ("F08",)),
    Fix("blank-lines", "took out blank lines", "leave blank lines", ("F09",)),
    Fix(
        "white-space",
        "took off white space around lines, behind texts, and blank lines before texts",
        "leave white space",
        ("F08",),
    ),
    Fix("zero-width", "took out zero-width spaces", "leave zero-width spaces", ("R27b",)),
    Fix("duplicates", "took out copies of earlier examples", "leave copies of examples", ("D05",)),
)
REPAIRED = frozenset(code for fix in FIXES for code in fix.codes) - {"F05", "F08"}  # worth a word; notes are not
ALL = frozenset(fix.name for fix in FIXES)


class Changes:
    """What was changed: counted all, listed in part."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.lines: dict[str, list[int]] = {}

    def add(self, fix: str, line: int | None = None) -> None:
        """Count a change of a line, or of the whole file."""
        self.counts[fix] += 1
        lines = self.lines.setdefault(fix, [])
        if line is not None and len(lines) < LISTED:
            lines.append(line)


class _Line(NamedTuple):
    """A line of the input (of an array: an object), its content, and how it ended."""

    number: int
    content: bytes
    end: bytes


def repaired(
    chunks_of: Callable[[], Iterable[bytes]], changes: Changes, switches: frozenset[str] = ALL
) -> Iterator[bytes]:
    """Yield the repaired lines; the file is read twice where copies are taken out, in 16 bytes for each line.

    Raises NotRepairable, and Changed where the file is another one the second time; also after some lines: what
    was written until then is worth nothing.
    """
    same_chunks_of = unchanged(chunks_of)
    copies = _copies(same_chunks_of, switches) if "duplicates" in switches else frozenset()
    for line in _Repair(same_chunks_of, changes, switches).lines():
        if line.number in copies:
            changes.add("duplicates", line.number)
        else:
            yield line.content + line.end


def _copies(chunks_of: Callable[[], Iterable[bytes]], switches: frozenset[str]) -> frozenset[int]:
    """Return the numbers of those lines whose example stands before, spelling of texts and order of keys aside."""
    keys, places = array("Q"), Places()
    for line in _Repair(chunks_of, Changes(), switches).lines():
        key = _key(line.content)
        if key is not None:
            keys.append(key)
            places.add(line.number)
    return frozenset(places.line(example) for example in repeated(keys))


def _key(content: bytes) -> int | None:
    """Return 64 bits that tell an example, or None where the line is no JSON."""
    try:
        plain = msgspec.json.encode(_DECODER.decode(content), order="sorted")
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return int.from_bytes(hashlib.blake2b(plain, digest_size=8).digest())


class _Repair:
    """One reading of the file that repairs each line for itself."""

    def __init__(
        self, chunks_of: Callable[[], Iterable[bytes]], changes: Changes, switches: frozenset[str]
    ) -> None:
        self._chunks_of, self._changes, self._switches = chunks_of, changes, switches

    def lines(self) -> Iterator[_Line]:
        """Yield what is left of each line."""
        for line in self._read():
            if self._does("blank-lines") and (not line.content or line.content.isspace()):
                self._changes.add("blank-lines", line.number)
                continue
            done: set[str] = set()
            content = self._with_plain_texts(self._trimmed(line.content, done), done)
            yield _Line(line.number, content, self._ended(line.end, done))
            for fix in sorted(done):
                self._changes.add(fix, line.number)

    def _does(self, fix: str) -> bool:
        return fix in self._switches

    def _read(self) -> Iterator[_Line]:
        """Yield the lines, or the objects of an array or of indented JSON."""
        lines = Lines(self._chunks_of())
        other = other_kind(lines.head.removeprefix(BOM))
        if other is not None and (other.code != "F10" or not self._does("array")):
            raise NotRepairable(other.message)
        if lines.bom and (self._does("bom") or other):
            self._changes.add("bom")
        if other is not None:
            self._changes.add("array")
            yield from map(_on_one_line, enumerate(objects_in(self._chunks_of()), start=1))
            return
        mark = BOM if lines.bom and not self._does("bom") else b""
        for number, content in enumerate(lines, start=1):
            if len(content) > MAX_LINE:
                raise NotRepairable(f"line {number} is longer than {MAX_LINE // 2**20} MiB")
            bare = content.removesuffix(b"\r")
            end = content[len(bare) :] + (b"\n" if lines.terminated else b"")
            yield _Line(number, mark + bare, end)
            mark = b""

    def _trimmed(self, content: bytes, done: set[str]) -> bytes:
        """Return the line without white space around it."""
        bare = content.strip(SPACE) if self._does("white-space") else content
        if bare != content:
            done.add("white-space")
        return bare

    def _ended(self, end: bytes, done: set[str]) -> bytes:
        """Return what ends the line."""
        if end == b"\n" or not self._does("line-ends"):
            return end
        done.add("line-ends")
        return b"\n"

    def _with_plain_texts(self, content: bytes, done: set[str]) -> bytes:
        """Return the line with its texts repaired; a line that is not faultless JSON stays as it is."""
        if not self._has_odd_texts(content):
            return content
        try:
            _, faults = value_of(content)
        except NotJson:
            return content
        return content if faults else with_contents(content, lambda text: self._plain(text, done))

    def _has_odd_texts(self, content: bytes) -> bool:
        """Tell whether a text would change."""
        try:
            messages = _messages(msgspec.json.decode(content))
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return False
        return any(self._plain(message["content"], set()) != message["content"] for message in messages)

    def _plain(self, text: str, done: set[str]) -> str:
        """Return the repaired text, noting the fixes that changed it; one that would be blank stays as it is."""
        before, fixes = text, set[str]()
        for fix, plain in (("zero-width", _without_zero_width), ("white-space", _trimmed)):
            if self._does(fix) and plain(text) != text:
                text = plain(text)
                fixes.add(fix)
        if not text.strip():
            return before
        done |= fixes
        return text


def _trimmed(text: str) -> str:
    """Return the text without blank lines before it and white space behind; its first line stays indented."""
    return _BLANK_LINES.sub("", text.rstrip())


def _without_zero_width(text: str) -> str:
    return _ZERO_WIDTH.sub("", text)


def _messages(value: Any) -> list[dict[str, Any]]:
    """Return those messages of an example that have a text."""
    messages = value.get("messages") if isinstance(value, dict) else None
    found = messages if isinstance(messages, list) else []
    return [each for each in found if isinstance(each, dict) and isinstance(each.get("content"), str)]


def _on_one_line(numbered: tuple[int, bytes]) -> _Line:
    """Return an object as one line; raises NotRepairable where it is no JSON."""
    number, written = numbered
    if b"\n" in written or b"\r" in written:
        try:
            written = msgspec.json.format(written, indent=0)
        except (msgspec.MsgspecError, ValueError, RecursionError) as wrong:
            raise NotRepairable(f"object {number} is not valid JSON ({wrong})") from wrong
    return _Line(number, written, b"\n")
