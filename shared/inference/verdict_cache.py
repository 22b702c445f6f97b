"""What Content Safety said of texts lately: a chat sends its history again with every turn."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeAlias

from shared.ports import Analysis

Finding: TypeAlias = Analysis | bool

MOST = 20_000  # findings; about 10 MB
KEPT = 900.0  # seconds: an edited blocklist holds after that at the latest


class VerdictCache:
    """Findings by the digest of their question; bounded, the least lately used go first. No text is kept."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, most: int = MOST, kept: float = KEPT) -> None:
        self._clock, self._most, self._kept = clock, most, kept
        self._findings: OrderedDict[bytes, tuple[float, Finding]] = OrderedDict()
        self.hits = self.misses = 0

    def get(self, digest: bytes) -> Finding | None:
        """Return what was found, or None."""
        found = self._findings.get(digest)
        if found is None or found[0] < self._clock():
            self.misses += 1
            return None
        self.hits += 1
        self._findings.move_to_end(digest)
        return found[1]

    def put(self, digest: bytes, finding: Finding) -> None:
        """Remember what was found."""
        self._findings[digest] = (self._clock() + self._kept, finding)
        self._findings.move_to_end(digest)
        if len(self._findings) > self._most:
            self._findings.popitem(last=False)
