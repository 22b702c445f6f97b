"""The quick way through lines: a typed decode that lets only plain, faultless examples pass."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Annotated, Literal, NamedTuple

import msgspec

from shared.core.base_models import BaseModel
from shared.core.dataset.formats import MOST_MESSAGES
from shared.core.dataset.lines import MAX_LINE
from shared.core.dataset.texts import BYTES_PER_TOKEN, TOKENS_PER_MESSAGE, hashes_of, warned_length

_UNUSUAL = re.compile(rb"\\(?:u00(?:[01]|22|3c|3C|5b|5B)|[bf])")  # a control character, a quote, < or [
_UNUSUAL_KINDS = {b"b", b"f"}
FRAME = 26  # bytes of a message in its line beside its text, on average


class Message(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A plain message."""

    role: Literal["system", "user", "assistant"]
    content: str


class _Example(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    messages: Annotated[list[Message], msgspec.Meta(min_length=1, max_length=MOST_MESSAGES)]


class Known(NamedTuple):
    """What is kept of examples: three numbers each."""

    prompts: list[int]
    rows: list[int]
    tokens: list[int]


class QuickReader:
    """Reads plain examples at nearly the speed of the parser; whatever it does not pass needs a closer look.

    It takes many lines at once: so much for each of them alone would take several times as long.
    """

    def __init__(self, profile: BaseModel) -> None:
        letters = {role[0] for role in profile.roles}
        self._turns = re.compile("s?(?:ua)+" if "s" in letters else "(?:ua)+")
        self._fine: set[str] = set()  # orders of roles that were seen and are fine
        self._longest = warned_length(profile)
        self._decode = msgspec.json.Decoder(_Example).decode

    def examples(self, lines: Iterable[bytes]) -> list[list[Message]]:
        """Return the messages of the lines before the first one that is no plain example."""
        decode, found = self._decode, list[list[Message]]()
        add = found.append
        try:
            for line in lines:
                add(decode(line).messages)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return found
        return found

    def known(self, lines: Sequence[bytes], examples: Sequence[list[Message]]) -> Known | None:
        """Return what is kept of lines with these examples, when nothing is wrong in any of them, else None."""
        messages = [message for example in examples for message in example]
        texts = [message.content.strip() for message in messages]
        if not all(texts) or not _plain(lines, texts):
            return None
        roles = "".join([message.role[0] for message in messages])
        orders, prompts, rows, end = set(), list[int](), list[int](), 0
        for example in examples:
            start, end = end, end + len(example)
            order = roles[start:end]
            orders.add(order)
            prompt, row = hashes_of(order, texts[start:end])
            prompts.append(prompt)
            rows.append(row)
        sizes = zip(lines, map(len, examples), strict=True)
        tokens = [
            int((len(line) - FRAME * count) / BYTES_PER_TOKEN) + TOKENS_PER_MESSAGE * count
            for line, count in sizes
        ]
        fine = max(tokens) <= self._longest and all(map(self._in_turns, orders - self._fine))
        return Known(prompts, rows, tokens) if fine else None

    def _in_turns(self, roles: str) -> bool:
        """Tell whether the order of the roles is fine."""
        fine = self._turns.fullmatch(roles) is not None
        if fine and len(roles) <= 64:
            self._fine.add(roles)
        return fine


def _plain(lines: Sequence[bytes], texts: Sequence[str]) -> bool:
    """Tell whether no key stands twice, no character or token is suspicious, and no line is too long.

    The decoder keeps the last of two equal keys in silence. But an example of n messages has exactly 1 + 4 n
    strings ("messages", and per message two keys and two values), hence twice as many quotes, beside those that
    are escaped and so stand in the texts.
    """
    piece = b"\n".join(lines)
    if len(piece) > MAX_LINE and max(map(len, lines)) > MAX_LINE:
        return False
    escaped_quotes = _quotes_among_escapes(piece, lines, texts)
    if escaped_quotes is None:
        return False
    if b"<" in piece and not {after[:1] for after in piece.split(b"<")[1:]}.isdisjoint((b"|", b"", b"<")):
        return False
    if ["[" in text and "INST]" in text for text in texts].count(True):
        return False
    return piece.count(b'"') - 2 * len(lines) - 8 * len(texts) == escaped_quotes


def _quotes_among_escapes(piece: bytes, lines: Sequence[bytes], texts: Sequence[str]) -> int | None:
    """Return how many quotes are escaped, or None where an escape is suspicious."""
    sample = b"".join(lines[:8])
    if sample.count(b"\\") * 12 > len(sample):  # too many to look at each
        suspicious = _UNUSUAL.search(piece) or b"\\nHuman:" in piece
        return None if suspicious else sum([text.count('"') for text in texts])
    kinds = Counter(_escapes(piece))
    if not _UNUSUAL_KINDS.isdisjoint({kind[:1] for kind in kinds}):
        return None
    if b"u0" in kinds and _UNUSUAL.search(piece):
        return None
    if b"nH" in kinds and b"\\nHuman:" in piece:
        return None
    return sum([count for kind, count in kinds.items() if kind[:1] == b'"'])


def _escapes(piece: bytes) -> list[bytes]:
    """Return two bytes of each escape but of backslashes; finding these one by one is faster than a search."""
    starts = [after[:2] for after in piece.split(b"\\")[1:]]
    if b"" not in starts:
        return starts
    rest = iter(starts)  # an empty one is an escaped backslash: what comes next begins no escape
    return [start for start in rest if start or next(rest, None) is None]
