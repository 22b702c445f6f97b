"""The quick way through lines: a typed decode that lets only plain, faultless examples pass."""

import re
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

import msgspec

from shared.core.base_models import BaseModel
from shared.core.dataset.formats import MOST_MESSAGES
from shared.core.dataset.lines import MAX_LINE
from shared.core.dataset.texts import estimate, hashes_of, warned_length

_UNUSUAL = (  # of a control character or a quote; the second asks for a backslash that is not escaped
    re.compile(rb"\\(?:u00(?:[01]|22)|[bf])"),
    re.compile(rb"(?<!\\)(?:\\\\)*\\(?:u00(?:[01]|22)|[bf])"),
)
_BEGIN_UNUSUAL = (b"u0", b"b", b"f")


class Message(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A plain message."""

    role: Literal["system", "user", "assistant"]
    content: str


class _Example(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    messages: list[Message]


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
        if not all(texts) or not _plain(lines, len(messages), "\0".join(texts)):
            return None
        roles = "".join([message.role[0] for message in messages])
        known, fine, end = Known([], [], []), self._fine, 0
        for line, example in zip(lines, examples, strict=True):
            start, end = end, end + len(example)
            order = roles[start:end]
            if order not in fine and not self._in_turns(order):
                return None
            prompt, row = hashes_of(order, texts[start:end])
            known.prompts.append(prompt)
            known.rows.append(row)
            known.tokens.append(estimate(len(line) - 26 * (end - start), end - start))
        return known if max(known.tokens) <= self._longest else None

    def _in_turns(self, roles: str) -> bool:
        """Tell whether the order of the roles is fine."""
        fine = len(roles) <= MOST_MESSAGES and self._turns.fullmatch(roles) is not None
        if fine and len(roles) <= 64:
            self._fine.add(roles)
        return fine


def _plain(lines: Sequence[bytes], messages: int, texts: str) -> bool:
    """Tell whether no key stands twice, no character or token is suspicious, and no line is too long.

    The decoder keeps the last of two equal keys in silence. But an example of n messages has exactly 1 + 4 n
    strings ("messages", and per message two keys and two values), hence twice as many quotes, beside those that
    are escaped and so stand in the texts.
    """
    piece = b"\n".join(lines)
    if len(piece) > MAX_LINE and max(map(len, lines)) > MAX_LINE:
        return False
    escapes = [after[:2] for after in piece.split(b"\\")[1:]]  # finding each backslash is faster than a search
    kinds = set(escapes)
    if any(kind.startswith(_BEGIN_UNUSUAL) for kind in kinds) and all(rule.search(piece) for rule in _UNUSUAL):
        return False
    if _may_hold_tokens(texts, after_newline=b"nH" in kinds):
        return False
    quotes = piece.count(b'"') - 2 * len(lines) - 8 * messages
    if b"" in kinds:  # an escaped backslash: what follows may be the end of a text
        return quotes == texts.count('"')
    return quotes == sum([escape[:1] == b'"' for escape in escapes])


def _may_hold_tokens(texts: str, *, after_newline: bool) -> bool:
    """Tell whether a closer look for control tokens is worth its time; single characters are found fastest."""
    if "<" in texts and not {after[:1] for after in texts.split("<")[1:]}.isdisjoint(("|", "")):
        return True
    return ("[" in texts and "INST]" in texts) or (after_newline and "\nHuman:" in texts)
