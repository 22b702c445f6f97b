"""Counts what was used in a sliding window of time, as Azure's rate limits do."""

from collections import deque


class RateLimit:
    """So many requests, or tokens, in each window."""

    def __init__(self, most: int, window: float) -> None:
        self._most, self._window = most, window  # window in seconds
        self._uses: deque[tuple[float, int]] = deque()
        self._sum = 0

    def reached(self, now: float) -> bool:
        """Tell whether nothing more is allowed at this time."""
        while self._uses and self._uses[0][0] <= now - self._window:
            self._sum -= self._uses.popleft()[1]
        return self._sum >= self._most

    def use(self, now: float, amount: int = 1) -> None:
        """Count a use."""
        self._uses.append((now, amount))
        self._sum += amount
