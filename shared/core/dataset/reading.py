"""One pass over a file: every finding, and what is needed to compare and to split its examples."""

from __future__ import annotations  # array[int] is a type from Python 3.12 on

import json
from array import array
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.core.base_models import BaseModel
from shared.core.dataset.decoding import NotJson, value_of
from shared.core.dataset.findings import Findings
from shared.core.dataset.formats import example_faults
from shared.core.dataset.kinds import other_kind
from shared.core.dataset.lines import BOM, Lines, lines_in
from shared.core.dataset.quick import Example, Known, QuickReader
from shared.core.dataset.texts import Texts, text_faults, texts_of


class Places:
    """On which lines the examples stand, in a few bytes: only where lines are skipped, something is noted."""

    def __init__(self) -> None:
        self._from = array("Q")  # examples from this one on ...
        self._shift = array("Q")  # ... stand so many lines further down
        self._count = 0

    def add(self, line: int, count: int = 1) -> None:
        """Note the line of the next example, or of so many that follow each other."""
        shift = line - self._count
        if not self._shift or self._shift[-1] != shift:
            self._from.append(self._count)
            self._shift.append(shift)
        self._count += count

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
    sha256: str = ""  # of a file with lines only after the second pass
    system_message: str = ""
    prompts: array[int] = field(
        default_factory=lambda: array("Q")
    )  # a hash per example; the second pass makes them last
    rows: array[int] = field(default_factory=lambda: array("Q"))
    places: Places = field(default_factory=Places)


def read(
    chunks: Iterable[bytes], profile: BaseModel, findings: Findings, quick: QuickReader | None = None
) -> Reading:
    """Return what one pass over the file learned; adds to the findings.

    The quick reader changes nothing in that: without one that knows any example, all lines are looked at closely.
    """
    return _Pass(Lines(chunks), profile, findings, quick or QuickReader(profile)).reading()


class _Pass:
    """The one pass over a file."""

    def __init__(self, lines: Lines, profile: BaseModel, findings: Findings, quick: QuickReader) -> None:
        self._lines, self._profile, self._findings, self._quick = lines, profile, findings, quick
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
            self._lines.hashed = not self._lines.head.strip()
            for block in self._lines.blocks():
                self._read_block(block)
            self._file_findings()
        read = self._reading
        read.bytes, read.sha256 = self._lines.size, self._lines.sha256
        return read

    def _read_block(self, block: bytes) -> None:
        """Look at every line: quickly at all together, and closely at each where that does not suffice."""
        lines = lines_in(block)
        examples = self._quick.examples(block, lines)
        if examples is None:
            self._one_by_one(lines)
        else:
            self._plain(block, lines, examples)

    def _one_by_one(self, lines: list[bytes]) -> None:
        """Look at lines of which some are no plain examples."""
        rest, at = iter(lines), 0
        while at < len(lines):
            examples = self._quick.first(rest)
            if examples:
                plain = lines[at : at + len(examples)]
                self._plain(b"".join(plain), plain, examples)
            at += len(examples)
            if at < len(lines):
                self._closely(lines[at])
                at += 1

    def _plain(self, block: bytes, lines: list[bytes], examples: list[Example]) -> None:
        """Keep examples that are probably fine; where something is wrong with one, look closely at that one."""
        known = self._quick.known(block, lines, examples)
        if known is not None:
            if not self._reading.system_message:
                with_system = (example.messages for example in examples if len(example.messages) % 2)
                self._reading.system_message = next((messages[0].content for messages in with_system), "")
            self._keep(known, block, lines)
        elif len(lines) == 1:
            self._closely(lines[0])
        else:
            middle = len(lines) // 2
            for part in (slice(middle), slice(middle, None)):
                self._plain(b"".join(lines[part]), lines[part], examples[part])

    def _keep(self, known: Known, block: bytes, lines: Sequence[bytes]) -> None:
        """Count examples that have no error, and go on behind them."""
        read, first = self._reading, self._reading.lines + 1
        self._blank_until(first)
        read.prompts.extend(known.prompts)
        read.rows.extend(known.rows)
        read.examples += len(lines)
        read.tokens += known.tokens
        read.longest = max(read.longest, known.longest)
        read.places.add(first, len(lines))
        if b"\r" in block:
            self._crlf = self._crlf or any(line.endswith((b"\r\n", b"\r")) for line in lines)
        self._indented = self._indented or {line[0] for line in lines} != {ord("{")}
        self._go_on(block, lines)

    def _go_on(self, block: bytes, lines: Sequence[bytes]) -> None:
        """Count lines that have been looked at."""
        self._reading.lines += len(lines)
        self._lines.offset += len(block)

    def _closely(self, line: bytes) -> None:
        """Add all that is wrong with a line, and keep it when none of that is an error."""
        number = self._reading.lines + 1
        if line.isspace():
            self._reading.blank += 1
            self._blank_from = self._blank_from or number
        else:
            self._blank_until(number)
            texts = self._texts(line.removesuffix(b"\n"), number)
            if texts is not None:
                prompt, row = texts.hashes()
                if not self._reading.system_message and texts.body.startswith(b"s"):
                    self._reading.system_message = json.loads(line)["messages"][0]["content"]
                known = Known(array("Q", [prompt]), array("Q", [row]), texts.tokens, texts.tokens)
                self._keep(known, line, [line])
                return
        self._go_on(line, [line])

    def _texts(self, line: bytes, number: int) -> Texts | None:
        """Add all that is wrong with a line; return its texts when none of that is an error."""
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
    said = content.strip() if isinstance(content, str) else content or ""
    return f"{said}{json.dumps(calls, sort_keys=True)}"
