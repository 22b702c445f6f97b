"""The quick way through a line: a typed decode that lets only plain, faultless examples pass."""

import re
from typing import Literal

import msgspec

from shared.core.base_models import BaseModel
from shared.core.dataset.lines import MAX_LINE
from shared.core.dataset.texts import Texts, may_hold_tokens, texts_of, warned_length

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)

_CONTROL_ESCAPE = re.compile(rb"\\(?:u00[01]|[bf])")


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
        if "" in contents or not self._in_turns(roles) or not _plainly_spelled(line, len(messages)):
            return None
        texts = texts_of(roles, contents)
        return None if texts.tokens > self._longest or may_hold_tokens(texts.body) else texts

    def _in_turns(self, roles: str) -> bool:
        """Tell whether the order of the roles is fine."""
        if roles in self._fine:
            return True
        fine = self._turns.fullmatch(roles) is not None
        if fine and len(roles) <= 64:
            self._fine.add(roles)
        return fine


def _plainly_spelled(line: bytes, messages: int) -> bool:
    """Tell whether no key stands twice, no control character is escaped, and the line is not too long.

    The decoder keeps the last of two equal keys in silence, but an example of n messages has exactly 1 + 4 n
    strings in it: "messages", and per message two keys and two values.
    """
    if len(line) > MAX_LINE:
        return False
    quotes, expected = line.count(b'"'), 2 + 8 * messages
    if b"\\" not in line:
        return quotes == expected
    if _CONTROL_ESCAPE.search(line):
        return False
    if quotes == expected:
        return True
    if b"\\\\" in line:
        return len(_STRING.findall(line)) * 2 == expected
    return quotes - line.count(b'\\"') == expected
