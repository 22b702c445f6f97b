"""Makes text of an answer's tokens as they come: whole characters only, and nothing of a stop word."""

from collections.abc import Sequence
from typing import Any

HALF_CHARACTER = "\ufffd"


class Words:
    """Turns tokens into text and holds back a character until all of its bytes are there."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._ids: list[int] = []
        self._shown = 0  # tokens whose text has been handed out
        self._context = 0  # token from which decoding starts: spacing depends on the token before

    def added(self, token: int) -> str:
        """Return the text that this token completes, or nothing yet."""
        self._ids.append(token)
        before, after = self._decoded(self._shown), self._decoded(None)
        if len(after) <= len(before) or after.endswith(HALF_CHARACTER):
            return ""
        self._context, self._shown = self._shown, len(self._ids)
        return after[len(before) :]

    def rest(self) -> str:
        """Return what was held back, once the answer has ended."""
        return self._decoded(None)[len(self._decoded(self._shown)) :]

    def _decoded(self, until: int | None) -> str:
        return str(self._tokenizer.decode(self._ids[self._context : until], skip_special_tokens=True))


class StopWords:
    """Lets text pass up to the first stop word and holds back what could be the beginning of one."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = [word for word in words if word]
        self._held = ""
        self.found = False

    def passed(self, text: str) -> str:
        """Return the text that certainly comes before any stop word."""
        if self.found:
            return ""
        self._held += text
        places = [place for word in self._words if (place := self._held.find(word)) >= 0]
        if places:
            self.found = True
            return self._released(min(places))
        return self._released(len(self._held) - self._suspicious())

    def rest(self) -> str:
        """Return what was held back, once the answer has ended without a stop word."""
        return "" if self.found else self._released(len(self._held))

    def _suspicious(self) -> int:
        """Return how many characters at the end could begin a stop word."""
        starts = (
            size
            for word in self._words
            for size in range(min(len(word) - 1, len(self._held)), 0, -1)
            if self._held.endswith(word[:size])
        )
        return max(starts, default=0)

    def _released(self, size: int) -> str:
        released, self._held = self._held[:size], self._held[size:]
        return released
