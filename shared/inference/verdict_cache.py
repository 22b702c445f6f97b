"""What Content Safety said of texts lately: a chat sends its history again with every turn."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeAlias

from shared.ports import Analysis, Attacks

Judgement: TypeAlias = Analysis | Attacks | bool

MOST = 20_000  # judgements; about 10 MB
KEPT = 900.0  # seconds: an edited blocklist holds after that at the latest


class VerdictCache:
    """Judgements by the digest of their question; bounded, the least lately used go first. No text is kept."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, most: int = MOST, kept: float = KEPT) -> None:
        self._clock, self._most, self._kept = clock, most, kept
        self._judgements: OrderedDict[bytes, tuple[float, Judgement]] = OrderedDict()
        self.hits = self.misses = 0

    def get(self, digest: bytes) -> Judgement | None:
        """Return what was found, or None."""
        found = self._judgements.get(digest)
        if found is None or found[0] < self._clock():
            self.misses += 1
            return None
        self.hits += 1
        self._judgements.move_to_end(digest)
        return found[1]

    def put(self, digest: bytes, judgement: Judgement) -> None:
        """Remember what was found."""
        self._judgements[digest] = (self._clock() + self._kept, judgement)
        self._judgements.move_to_end(digest)
        if len(self._judgements) > self._most:
            self._judgements.popitem(last=False)
