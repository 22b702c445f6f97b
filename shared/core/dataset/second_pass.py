"""The second pass: what is too heavy for the first one, measured over the examples that it found faultless."""

from __future__ import annotations  # array[int] is a type from Python 3.12 on

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

import msgspec

from shared.core.dataset.beside import Beside, beside_messages, is_text, text_of_line
from shared.core.dataset.findings import Findings
from shared.core.dataset.lines import Changed, Lines
from shared.core.dataset.reading import Reading
from shared.core.dataset.texts import hashes_of, lasting_hash
from shared.core.dataset.tokens import CountTokens

File = Literal["training", "validation"]
UNREADABLE = frozenset({"F02", "F06", "F10", "F11"})  # what is no file of lines at all is not read again


class SeenExample(NamedTuple):
    """One example without errors, as measures see it."""

    line: int
    messages: tuple[tuple[str, str], ...]  # role and text; white space around the text is taken off
    bytes: int  # of its line
    tokens: int  # in the chat template, each time it is trained on
    file: File
    beside: Beside = ()  # what else its line holds: names, tool definitions, keys that training does not read


class SeenLine(NamedTuple):
    """A line with errors: no example, yet what it holds may be secret."""

    line: int
    text: str
    file: File


class Found(NamedTuple):
    """What a measure found; `times` is how often, where only the first place is told."""

    code: str
    message: str
    line: int | None = None
    path: str = ""
    file: File = "training"
    times: int = 1


class Measure(Protocol):
    """Something that is measured over all examples, in memory that does not grow with their texts."""

    @property
    def name(self) -> str:
        """Key of its summary in the report."""

    def see(self, example: SeenExample) -> None:
        """Take one example into account: first come those to train on, then those of a validation file."""

    def findings(self) -> Iterator[Found]:
        """Yield what was found, after the last example."""

    def summary(self) -> dict[str, Any]:
        """Return what is worth showing, as JSON-able values without texts of the dataset."""


@runtime_checkable
class LineMeasure(Protocol):
    """A measure that looks at lines with errors too."""

    def see_line(self, line: SeenLine) -> None:
        """Take one of them into account."""


class _PlainMessage(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    role: str
    content: str


class _PlainExample(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    messages: list[_PlainMessage]


class _Message(msgspec.Struct, gc=False):
    role: str
    content: str | None = None
    tool_calls: Any = None
    function_call: Any = None


class _Example(msgspec.Struct, gc=False):
    messages: list[_Message]


_PLAIN, _ANY = msgspec.json.Decoder(_PlainExample).decode, msgspec.json.Decoder(_Example).decode


def lines_of(
    chunks: Iterable[bytes], reading: Reading, file: File, count_tokens: CountTokens
) -> Iterator[SeenExample | SeenLine]:
    """Yield the examples that the first pass found faultless, and between them the lines with errors.

    Raises Changed when the file is another one since.

    On the way the reading gets the file's hash, and the hash of each prompt gives place to one that is the same in
    every process, since it decides the split.
    """
    lines = Lines(chunks)
    wanted = iter(reading.places)
    next_line = next(wanted, 0)
    place = 0
    for number, line in enumerate(lines, start=1):
        if number == next_line:
            messages, beside = _messages(line)
            roles, texts = "".join([role[:1] for role, _ in messages]), [text for _, text in messages]
            if hashes_of(roles, texts)[1] != reading.rows[place]:
                raise Changed
            reading.prompts[place] = lasting_hash(roles, texts)
            place += 1
            yield SeenExample(number, messages, len(line), count_tokens(messages), file, beside)
            next_line = next(wanted, 0)
        elif line and not line.isspace():
            yield SeenLine(number, text_of_line(line), file)
    if next_line or lines.size != reading.bytes:
        raise Changed
    reading.sha256 = lines.sha256


def raw_lines_of(chunks: Iterable[bytes], reading: Reading, file: File) -> Iterator[SeenLine]:
    """Yield the lines of a file as they are, if it is a text; on the way the reading gets the file's hash."""
    lines = Lines(chunks)
    told = is_text(lines.head)
    for number, line in enumerate(lines, start=1):
        if told:
            yield SeenLine(number, text_of_line(line), file)
    reading.sha256 = lines.sha256


def _messages(line: bytes) -> tuple[tuple[tuple[str, str], ...], Beside]:
    """Return role and text of each message, and what stands beside; raises Changed where there are none."""
    try:
        return tuple([(message.role, message.content.strip()) for message in _PLAIN(line).messages]), ()
    except msgspec.DecodeError:
        return _unplain_messages(line)


def _unplain_messages(line: bytes) -> tuple[tuple[tuple[str, str], ...], Beside]:
    """Return the same of a line that holds more than roles and texts."""
    try:
        messages = tuple([(message.role, _text(message)) for message in _ANY(line).messages])
        return messages, beside_messages(line)
    except (ValueError, AttributeError) as wrong:  # msgspec's errors are ValueErrors
        raise Changed from wrong


def _text(message: _Message) -> str:
    """Return what a message says, tool calls included."""
    calls = message.tool_calls or message.function_call
    content = (message.content or "").strip()
    return content if calls is None else f"{content}{json.dumps(calls, sort_keys=True)}"


def measured(
    lines: Iterable[SeenExample | SeenLine], measures: Sequence[Measure], findings: Mapping[File, Findings]
) -> dict[str, dict[str, Any]]:
    """Return the summaries of the measures by name, and add what they found to the findings of each file."""
    sees = [measure.see for measure in measures]
    sees_line = [measure.see_line for measure in measures if isinstance(measure, LineMeasure)]
    for line in lines:
        if isinstance(line, SeenExample):
            for see in sees:
                see(line)
        else:
            for see_line in sees_line:
                see_line(line)
    for measure in measures:
        add_found(measure.findings(), findings)
    return {measure.name: measure.summary() for measure in measures}


def add_found(found: Iterable[Found], findings: Mapping[File, Findings]) -> None:
    """Add what was found to the findings of each file."""
    for each in found:
        into = findings[each.file]
        into.add(each.code, each.message, each.line, each.path)
        into.count(each.code, each.times - 1)
