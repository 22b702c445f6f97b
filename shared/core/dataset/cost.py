"""What training will cost before it is paid for: tokens times epochs times price, and hosting by the day."""

from __future__ import annotations  # array[int] is a type from Python 3.12 on

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from shared.core.dataset.manifest import Manifest
from shared.core.dataset.second_pass import Found

MOST_TOKENS = 2_000_000_000  # of all epochs together, in one job
MOST_HOURS = 48  # the state `training` ends then


@dataclass(frozen=True)
class Prices:
    """What the owner of the subscription pays; None where nobody told."""

    per_1000_tokens: float | None = None  # of training, each epoch
    hosting_per_hour: float | None = None
    currency: str = ""


UNKNOWN_PRICES = Prices()


def prices_of(per_1000_tokens: str, hosting_per_hour: str, currency: str) -> Prices:
    """Return the prices as settings spell them: a number, or the word unknown."""
    return Prices(_price(per_1000_tokens), _price(hosting_per_hour), currency)


def _price(spelled: str) -> float | None:
    """Return the number, or None for unknown."""
    return None if spelled == "unknown" else float(spelled)


@dataclass(frozen=True)
class Cost:
    """What is known of the cost of one run."""

    tokens: int  # of the examples to train on, once
    epochs: int
    prices: Prices
    tokens_per_second: int | None = None  # of training

    @property
    def hours(self) -> float | None:
        """Estimated duration of the training, without start and queue; None where no speed is known."""
        speed = self.tokens_per_second
        return None if speed is None else round(self.trained_tokens / speed / 3600, 3)

    @property
    def trained_tokens(self) -> int:
        """Tokens of all epochs together."""
        return self.tokens * self.epochs

    @property
    def training(self) -> float | None:
        """Price of the training."""
        price = self.prices.per_1000_tokens
        return None if price is None else round(self.trained_tokens / 1000 * price, 2)

    @property
    def hosting_per_day(self) -> float | None:
        """Price of a day of the endpoint, before any request."""
        price = self.prices.hosting_per_hour
        return None if price is None else round(24 * price, 2)

    def summary(self) -> dict[str, Any]:
        """Return what is worth showing; prices that nobody set are left out."""
        shown: dict[str, Any] = {
            "tokens": self.tokens,
            "epochs": self.epochs,
            "trained_tokens": self.trained_tokens,
        }
        shown |= {} if self.hours is None else {"estimated_hours": self.hours}
        known = {"training": self.training, "hosting_per_day": self.hosting_per_day}
        prices = {name: price for name, price in known.items() if price is not None}
        return shown | prices | ({"currency": self.prices.currency} if prices else {})


def cost_findings(cost: Cost, manifest: Manifest) -> Iterator[Found]:
    """Yield what forbids to spend so much."""
    if cost.trained_tokens > MOST_TOKENS:
        times = f"{cost.tokens} tokens x {cost.epochs} epochs"
        yield Found("F17", f"{times} are {cost.trained_tokens}; one job has at most {MOST_TOKENS}")
    if cost.hours is not None and cost.hours > MOST_HOURS:
        yield Found("D18", f"the training takes about {cost.hours:,.0f} hours (a rough estimate)")
    if not manifest.budget:
        return
    if cost.training is None:
        yield Found("D17b", "the manifest has a budget, but the app knows no price")
    elif cost.training > manifest.budget:
        money = f"{cost.training:.2f} {cost.prices.currency}".strip()
        yield Found("D17", f"the training costs about {money}; the budget is {manifest.budget:.2f}")
