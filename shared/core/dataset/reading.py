"""One pass over a file: every finding, and what is needed to compare and to split its examples."""

from __future__ import annotations  # array[int] is a type from Python 3.12 on

import json
from array import array
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from shared.core.base_models import BaseModel
from shared.core.dataset.decoding import NotJson, value_of
from shared.core.dataset.findings import Findings
from shared.core.dataset.formats import example_faults
from shared.core.dataset.kinds import other_kind
from shared.core.dataset.lines import BOM, Lines
from shared.core.dataset.quick import QuickReader
from shared.core.dataset.texts import Texts, text_faults, texts_of


class Places:
    """On which lines the examples stand, in a few bytes: only where lines are skipped, something is noted."""

    def __init__(self) -> None:
        self._from = array("Q")  # examples from this one on ...
        self._shift = array("Q")  # ... stand so many lines further down
        self._count = 0

    def add(self, line: int) -> None:
        """Note the line of the next example."""
        shift = line - self._count
        if not self._shift or self._shift[-1] != shift:
            self._from.append(self._count)
            self._shift.append(shift)
        self._count += 1

    def line(self, example: int) -> int:
        """Return the line of an example, which is counted from 0."""
        return example + self._shift[bisect_right(self._from, example) - 1]

    def __iter__(self) -> Iterator[int]:
        """Yield the lines of all examples, ascending."""
        for place, (first, shift) in enumerate(zip(self._from, self._shift, strict=True)):
            end = self._from[place + 1] if place + 1 < len(self._from) else self._count
            yield from range(first + shift, end + shift)


@dataclass
class Reading:
    """What one pass learned of a file; holds 16 bytes per example, and no text but the first system message."""

    bytes: int = 0
    lines: int = 0
    blank: int = 0
    examples: int = 0
    tokens: int = 0  # estimated, of all examples once
    longest: int = 0  # estimated tokens of the longest example
    sha256: str = ""
    system_message: str = ""
    prompts: array[int] = field(default_factory=lambda: array("Q"))  # a hash per example, see Texts.hashes
    rows: array[int] = field(default_factory=lambda: array("Q"))
    places: Places = field(default_factory=Places)


def read(chunks: Iterable[bytes], profile: BaseModel, findings: Findings) -> Reading:
    """Return what one pass over the file learned; adds to the findings."""
    return _Pass(Lines(chunks), profile, findings).reading()


class _Pass:
    """The one pass over a file."""

    def __init__(self, lines: Lines, profile: BaseModel, findings: Findings) -> None:
        self._lines, self._profile, self._findings = lines, profile, findings
        self._reading = Reading()
        self._blank_from = 0  # the first of the blank lines just read, or 0
        self._crlf = self._indented = False

    def reading(self) -> Reading:
        """Read the whole file, unless its beginning tells that it is something else."""
        other = other_kind(self._lines.head.removeprefix(BOM))
        if other is not None:
            self._findings.add(other.code, other.message)
            deque(self._lines, maxlen=0)  # for size and hash
        else:
            self._read_lines()
            self._file_findings()
        read = self._reading
        read.bytes, read.sha256 = self._lines.size, self._lines.sha256
        return read

    def _read_lines(self) -> None:
        """Look at every line: quickly, and closely where that does not suffice."""
        quickly = QuickReader(self._profile).texts
        number = 0
        for number, line in enumerate(self._lines, start=1):
            texts = quickly(line) or self._closely(line, number)
            if texts is not None:
                self._keep(texts, line, number)
        self._reading.lines = number

    def _keep(self, texts: Texts, line: bytes, number: int) -> None:
        """Count an example that has no error."""
        read, tokens = self._reading, texts.tokens
        prompt, row = texts.hashes()
        read.prompts.append(prompt)
        read.rows.append(row)
        read.examples += 1
        read.tokens += tokens
        read.longest = max(read.longest, tokens)
        read.places.add(number)
        if not read.system_message and texts.body.startswith(b"s"):
            read.system_message = json.loads(line)["messages"][0]["content"]
        if self._blank_from:
            self._blank_until(number)
        self._crlf = self._crlf or line[-1] == 0x0D
        self._indented = self._indented or line[0] != 0x7B

    def _closely(self, line: bytes, number: int) -> Texts | None:
        """Add all that is wrong with a line; return its texts when none of that is an error."""
        if not line or line.isspace():
            self._reading.blank += 1
            self._blank_from = self._blank_from or number
            return None
        self._blank_until(number)
        add = self._findings.add
        try:
            value, faults = value_of(line, self._lines.offset, terminated=self._lines.terminated)
        except NotJson as wrong:
            add(wrong.fault.code, wrong.fault.message, number)
            return None
        faults += example_faults(value, self._profile)
        texts = _texts(value)
        if texts is not None:
            faults += text_faults(texts, self._profile)
        for fault in faults:
            add(fault.code, fault.message, number, fault.path)
        return None if any(self._findings.is_error(fault.code) for fault in faults) else texts

    def _blank_until(self, number: int) -> None:
        """Add the blank lines before this one; those at the file's end are nobody's concern."""
        if self._blank_from:
            self._findings.add("F09", "a blank line", self._blank_from, count=number - self._blank_from)
            self._blank_from = 0

    def _file_findings(self) -> None:
        """Add what is about the whole file."""
        add = self._findings.add
        blank = self._reading.blank == self._reading.lines
        if blank:
            add("F02", "the file is empty" if not self._lines.size else "the file holds blank lines only")
        if self._lines.bom:
            add("F05", "the file begins with a byte-order mark")
        if not self._lines.terminated and not blank:
            add("F08", "the last line has no line end")
        if self._crlf:
            add("F08", "lines end with CRLF")
        if self._indented:
            add("F08", "lines begin with white space")
        if self._lines.size >= self._profile.max_bytes:
            add("F03", f"the file has {self._lines.size} bytes; the limit is {self._profile.max_bytes}")


def _texts(value: Any) -> Texts | None:
    """Return the texts of an example as far as its messages can be read, else None."""
    try:
        messages = value["messages"]
        roles = "".join(message["role"][0] for message in messages)
        return texts_of(roles, [_content(message) for message in messages])
    except (TypeError, KeyError, IndexError, UnicodeEncodeError):
        return None


def _content(message: dict[str, Any]) -> str:
    """Return the content, with what tool calls say; raises TypeError where it is no text."""
    content, calls = message.get("content"), message.get("tool_calls") or message.get("function_call")
    if calls is None:
        if not isinstance(content, str):
            raise TypeError
        return content.strip()
    return f"{content or ''}{json.dumps(calls, sort_keys=True)}"
