"""The quick way through a file: whole blocks of lines at once, of which only plain, faultless examples pass.

What is asked of a block is asked once, in C: one decode, one count of quotes, one search for escapes. A line by
itself would take several times as long. Whatever does not pass is no fault yet: it needs a closer look.
"""

from __future__ import annotations  # array[int] is a type from Python 3.12 on

import re
from array import array
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise
from typing import Annotated, Literal, NamedTuple

import msgspec

from shared.core.base_models import BaseModel
from shared.core.dataset.formats import MOST_MESSAGES
from shared.core.dataset.lines import MAX_LINE
from shared.core.dataset.texts import estimate, turns

FRAME = 26  # bytes of a message in its line beside its text, on average
_BEGIN, _END = ord("{"), ord("}")

# The escapes that matter: quotes and backslashes, which must be told apart; control characters; and letters, < | [
# and : which need no escape, so that one may hide a control token.
_ESCAPES = re.compile(rb'\\(?:["\\bf]|nHuman:|u00(?:[01]|22|3[aAcC]|[4-7]))')
_HARMLESS = {b'\\"', b"\\\\"}
_TOKEN = re.compile(rb"<(?:\||<SYS)")


class Message(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A plain message."""

    role: Literal["system", "user", "assistant"]
    content: str


class Example(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A plain example."""

    messages: Annotated[list[Message], msgspec.Meta(min_length=1, max_length=MOST_MESSAGES)]


class Known(NamedTuple):
    """What is kept of some examples: two numbers of each, and two of all."""

    prompts: array[int]
    rows: array[int]
    tokens: int  # estimated, of all together
    longest: int  # estimated, of the longest one


class QuickReader:
    """Reads plain examples at nearly the speed of the parser."""

    def __init__(self, profile: BaseModel) -> None:
        self._orders = [_order(count, profile) for count in range(MOST_MESSAGES + 1)]
        decoder = msgspec.json.Decoder(Example)
        self._decode, self._decode_lines = decoder.decode, decoder.decode_lines

    def examples(self, block: bytes, lines: Sequence[bytes]) -> list[Example] | None:
        """Return the examples of a block that has exactly one in each of its lines, else None.

        To the decoder a line end is any white space. But where all lines begin and end with a brace, no object
        goes on behind a line end, for a comma would have to stand there: as many objects as lines, so one in each.
        """
        if not block.endswith(b"}\n") or {line[0] for line in lines} != {_BEGIN}:
            return None
        if {line[-2] for line in lines} != {_END}:
            return None
        try:
            examples = self._decode_lines(block)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        return examples if len(examples) == len(lines) else None

    def first(self, lines: Iterable[bytes]) -> list[Example]:
        """Return the examples of the lines before the first one that is no plain example."""
        decode, found = self._decode, list[Example]()
        add = found.append
        try:
            for line in lines:
                add(decode(line))
        except (msgspec.DecodeError, UnicodeDecodeError):
            return found
        return found

    def known(self, block: bytes, lines: Sequence[bytes], examples: Sequence[Example]) -> Known | None:
        """Return what is kept of a block with these examples, when nothing is wrong in any of them, else None."""
        messages = [message for example in examples for message in example.messages]
        counts = [len(example.messages) for example in examples]
        roles = "".join([message.role[0] for message in messages])
        texts = tuple([message.content.strip() for message in messages])
        if roles != "".join([self._orders[count] for count in counts]) or not all(texts):
            return None
        if not _is_plain(block, len(lines), len(texts)):
            return None
        ends = [0, *accumulate(counts)]
        prompts = [hash(texts[start : end - 1]) for start, end in pairwise(ends)]  # as hashes_of does
        rows = [hash(texts[start:end]) for start, end in pairwise(ends)]
        sizes = list(map(len, lines))
        longest = sizes.index(max(sizes))
        return Known(
            _unsigned(prompts),
            _unsigned(rows),
            _tokens(len(block), len(texts)),
            _tokens(sizes[longest], counts[longest]),
        )


def _order(messages: int, profile: BaseModel) -> str:
    """Return the order of roles that so many messages must have, as initials; nothing where there is none."""
    fine = messages > 1 and (messages % 2 == 0 or "system" in profile.roles)
    return turns(messages) if fine else ""


def _unsigned(hashes: list[int]) -> array[int]:
    """Return the same 64 bits as numbers without a sign."""
    return array("Q", array("q", hashes).tobytes())


def _tokens(size: int, messages: int) -> int:
    """Return the estimated tokens of some lines."""
    return estimate(size - FRAME * messages, messages)


def _is_plain(block: bytes, lines: int, texts: int) -> bool:
    """Tell whether no key stands twice, no character or token is suspicious, and no line is too long.

    The decoder keeps the last of two equal keys in silence. But an example of n messages has exactly 1 + 4 n
    strings ("messages", and per message two keys and two values), hence twice as many quotes that are not escaped.
    """
    if len(block) > MAX_LINE:
        return False  # rare: a look at each line costs nothing then
    escapes = _ESCAPES.findall(block)
    if not _HARMLESS.issuperset(escapes) or (b"<" in block and _TOKEN.search(block)):
        return False
    if _count(block, b"[") != lines and b"INST]" in block:
        return False
    return block.count(b'"') - escapes.count(b'\\"') == 2 * lines + 8 * texts


def _count(block: bytes, byte: bytes) -> int:
    """Return how often a rare byte stands in a block, 4 times as fast as count, which is for frequent ones."""
    return len(block) - len(block.replace(byte, b""))
