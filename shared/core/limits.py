"""How much a key may use in a minute: an allowance that fills up again all the time, as OpenAI's do."""

from dataclasses import dataclass
from math import ceil

MINUTE = 60.0  # seconds


@dataclass
class Allowance:
    """What is left of a limit per minute, at the time (in seconds, of any clock) when it was last looked at.

    A request that is larger than what is left has to wait; one that is larger than the whole limit passes when
    nothing was used for a minute. What a request really took is known after it, so the rest may fall below zero.
    """

    limit: int
    left: float
    at: float

    @classmethod
    def full(cls, limit: int, now: float) -> "Allowance":
        """Return an allowance of which nothing is used."""
        return cls(limit, float(limit), now)

    def refill(self, now: float) -> None:
        """Add what came back since the last look."""
        self.left = min(float(self.limit), self.left + max(0.0, now - self.at) * self.limit / MINUTE)
        self.at = now

    def wait_for(self, amount: float) -> float:
        """Return for how many seconds a request has to wait; 0 when it may go. A limit of 0 lets nothing go."""
        missing = min(amount, self.limit) - self.left
        if self.limit <= 0:
            return MINUTE
        return max(0.0, missing) * MINUTE / self.limit

    def take(self, amount: float) -> None:
        """Count what a request takes; a negative amount is given back."""
        self.left = min(float(self.limit), self.left - amount)

    @property
    def remaining(self) -> int:
        """What a client is told that it has."""
        return max(0, int(self.left))

    @property
    def until_full(self) -> float:
        """In how many seconds nothing of it is used any more."""
        return (self.limit - self.left) * MINUTE / self.limit if self.limit > 0 else MINUTE


def spelled(seconds: float) -> str:
    """Return a time as OpenAI's headers tell it: `120ms`, `1.5s`, `6m0s`."""
    milliseconds = ceil(seconds * 1000)
    if milliseconds < 1000:
        return f"{milliseconds}ms"
    minutes, rest = divmod(milliseconds, 60_000)
    whole = f"{rest / 1000:g}s"
    return f"{minutes}m{whole}" if minutes else whole


def headers_of(name: str, allowance: Allowance) -> dict[str, str]:
    """Return the headers that tell a client how it stands with a limit: `name` is "requests" or "tokens"."""
    return {
        f"x-ratelimit-limit-{name}": str(allowance.limit),
        f"x-ratelimit-remaining-{name}": str(allowance.remaining),
        f"x-ratelimit-reset-{name}": spelled(allowance.until_full),
    }
