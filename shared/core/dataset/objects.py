"""The objects of a JSON array, or of JSON that is indented over several lines, as they stand there."""

import re
from collections.abc import Iterable, Iterator

from shared.core.dataset.lines import BOM, MAX_LINE

_IN_STRING, _IN_OBJECT, _NOT_SPACE = (re.compile(mark) for mark in (rb'["\\]', rb'["{}]', rb"[^ \t\r\n]"))


class NotRepairable(Exception):
    """Nothing can be done safely, and nothing was; the message says why."""


def objects_in(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield each object as it is written; raises NotRepairable where the file is neither an array nor objects."""
    scan = _Scan()
    for chunk in _without_mark(chunks):
        yield from scan.objects(chunk)
    scan.end()


def _without_mark(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the bytes after the byte-order mark, wherever the chunks are cut."""
    rest = iter(chunks)
    begin = b""
    while len(begin) < len(BOM) and (chunk := next(rest, None)) is not None:
        begin += chunk
    yield begin.removeprefix(BOM)
    yield from rest


class _Scan:
    """Where the reading stands: between objects, inside of one, or inside of a text."""

    def __init__(self) -> None:
        self._depth = 0  # of braces; 0 is between objects
        self._in_string = self._escaped = False
        self._array = self._closed = False
        self._after_comma = True  # whether an object may come
        self._count = 0
        self._held = bytearray()  # the object so far

    def objects(self, piece: bytes) -> Iterator[bytes]:
        """Yield the objects that end in this piece of the file."""
        begin = place = 0
        while place < len(piece):
            pattern = _NOT_SPACE if not self._depth else _IN_STRING if self._in_string else _IN_OBJECT
            if self._escaped:
                self._escaped, place = False, place + 1
                continue
            found = pattern.search(piece, place)
            if found is None:
                break
            place = found.end()
            if not self._depth:
                begin = place - 1
                self._between(found[0])
            elif self._inside(found[0]):
                self._hold(piece[begin:place])
                yield bytes(self._held)
                self._held.clear()
        if self._depth:
            self._hold(piece[begin:])

    def _hold(self, part: bytes) -> None:
        """Keep a part of the present object."""
        self._held += part
        if len(self._held) > MAX_LINE:
            raise NotRepairable(f"object {self._count} is longer than {MAX_LINE // 2**20} MiB, or never ends")

    def _inside(self, mark: bytes) -> bool:
        """Take a mark inside an object; return whether the object ends with it."""
        if self._in_string:
            self._in_string, self._escaped = mark != b'"', mark == b"\\"
        elif mark == b'"':
            self._in_string = True
        else:
            self._depth += 1 if mark == b"{" else -1
        return not self._depth

    def _between(self, mark: bytes) -> None:
        """Take what stands before, between and after objects."""
        if mark == b"{" and self._after_comma and not self._closed:
            self._depth, self._count, self._after_comma = 1, self._count + 1, not self._array
        elif mark == b"[" and not self._array and not self._count:
            self._array = True
        elif mark == b"," and self._array and not self._after_comma:
            self._after_comma = True
        elif mark == b"]" and self._array and not (self._after_comma and self._count):
            self._closed = True
            self._after_comma = False
        else:
            place = f"after object {self._count}" if self._count else "at the beginning"
            raise NotRepairable(f"{place} stands {mark.decode('latin-1')!a}, where an object should")

    def end(self) -> None:
        """Take the file's end."""
        if self._depth or (self._array and not self._closed):
            raise NotRepairable(f"the file ends in the middle of {'an object' if self._depth else 'the array'}")
