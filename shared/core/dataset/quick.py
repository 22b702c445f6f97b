"""The quick way through a line: a typed decode that lets only plain, faultless examples pass."""

import re
from typing import Literal

import msgspec

from shared.core.base_models import BaseModel
from shared.core.dataset.formats import MOST_MESSAGES
from shared.core.dataset.lines import MAX_LINE
from shared.core.dataset.texts import Texts, may_hold_tokens, texts_of, warned_length

_UNUSUAL_ESCAPE = re.compile(rb"\\(?:u00(?:[01]|22)|[bf])")  # of a control character or a quote


class _Message(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    role: Literal["system", "user", "assistant"]
    content: str


class _Example(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    messages: list[_Message]


class QuickReader:
    """Reads plain examples at nearly the speed of the parser; whatever it does not pass needs a closer look."""

    def __init__(self, profile: BaseModel) -> None:
        letters = {role[0] for role in profile.roles}
        self._turns = re.compile("s?(?:ua)+" if "s" in letters else "(?:ua)+")
        self._fine: set[str] = set()  # orders of roles that were seen and are fine
        self._longest = warned_length(profile)
        self._decode = msgspec.json.Decoder(_Example).decode

    def texts(self, line: bytes) -> Texts | None:
        """Return the example's texts when nothing can be found in it, else None."""
        try:
            messages = self._decode(line).messages
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        roles = "".join([message.role[0] for message in messages])
        contents = [message.content.strip() for message in messages]
        if "" in contents or not self._in_turns(roles):
            return None
        texts = texts_of(roles, contents)
        if texts.tokens > self._longest or may_hold_tokens(texts.body):
            return None
        return texts if _plainly_spelled(line, len(messages), texts.body) else None

    def _in_turns(self, roles: str) -> bool:
        """Tell whether the order of the roles is fine."""
        if roles in self._fine:
            return True
        fine = len(roles) <= MOST_MESSAGES and self._turns.fullmatch(roles) is not None
        if fine and len(roles) <= 64:
            self._fine.add(roles)
        return fine


def _plainly_spelled(line: bytes, messages: int, body: bytes) -> bool:
    """Tell whether no key stands twice, no control character is escaped, and the line is not too long.

    The decoder keeps the last of two equal keys in silence. But an example of n messages has exactly 1 + 4 n
    strings ("messages", and per message two keys and two values), hence twice as many quotes, beside those that
    are escaped and so stand in the texts.
    """
    if len(line) > MAX_LINE or (b"\\" in line and _UNUSUAL_ESCAPE.search(line)):
        return False
    in_texts = line.count(b'"') - (2 + 8 * messages)
    return in_texts == 0 or in_texts == body.count(b'"')
