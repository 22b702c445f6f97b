"""What training will cost before it is paid for, and hosting by the day; what is paid for depends on the route.

Serverless training is paid by tokens, times epochs; managed training by the hours of the instance that trains.
"""

from __future__ import annotations  # array[int] is a type from Python 3.12 on

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from shared.core.base_models import Route
from shared.core.dataset.manifest import Manifest
from shared.core.dataset.second_pass import Found

MOST_TOKENS = 2_000_000_000  # of all epochs together, in one serverless job
MOST_HOURS = 48  # the state `training` ends then
# Of a managed training, however small: loading 8 GB of weights, measuring before and after, merging, writing. An
# estimate, not measured; without it that of a usual small dataset would be seconds.
FIXED_HOURS = 0.25


@dataclass(frozen=True)
class Prices:
    """What the owner of the subscription pays, and how many GPUs an instance gives for it; None: nobody told."""

    per_1000_tokens: float | None = None  # of serverless training, each epoch
    hosting_per_hour: float | None = None  # of a serverless endpoint
    currency: str = ""
    gpu_training_per_hour: float | None = None  # of the instance that trains managed models
    gpu_hosting_per_hour: float | None = None  # of the instance behind a managed endpoint
    gpus: int = 1  # of the instance that trains; they share the examples


UNKNOWN_PRICES = Prices()


def prices_of(
    per_1000_tokens: str,
    hosting_per_hour: str,
    currency: str,
    gpu_training_per_hour: str,
    gpu_hosting_per_hour: str,
    gpus: str,
) -> Prices:
    """Return the prices as settings spell them: a number, or the word unknown."""
    return Prices(
        _price(per_1000_tokens),
        _price(hosting_per_hour),
        currency,
        _price(gpu_training_per_hour),
        _price(gpu_hosting_per_hour),
        int(gpus),
    )


def _price(spelled: str) -> float | None:
    """Return the number, or None for unknown."""
    return None if spelled == "unknown" else float(spelled)


@dataclass(frozen=True)
class Cost:
    """What is known of the cost of one run."""

    tokens: int  # of the examples to train on, once
    epochs: int
    prices: Prices
    tokens_per_second: int | None = None  # of training, on one GPU
    route: Route = Route.SERVERLESS

    @property
    def hours(self) -> float | None:
        """Estimated duration of the training, without start and queue; None where no speed is known.

        Several GPUs of one instance are taken for so many times as fast, but for what takes a fixed time.
        """
        if self.tokens_per_second is None:
            return None
        fixed, gpus = (FIXED_HOURS, self.prices.gpus) if self.managed else (0.0, 1)
        return fixed + self.trained_tokens / (self.tokens_per_second * gpus) / 3600

    @property
    def managed(self) -> bool:
        """Whether hours of instances are paid for, not tokens."""
        return self.route is Route.MANAGED

    @property
    def trained_tokens(self) -> int:
        """Tokens of all epochs together."""
        return self.tokens * self.epochs

    @property
    def training(self) -> float | None:
        """Price of the training."""
        if self.managed:
            amount, price = self.hours, self.prices.gpu_training_per_hour
        else:
            amount, price = self.trained_tokens / 1000, self.prices.per_1000_tokens
        return None if amount is None or price is None else round(amount * price, 2)

    @property
    def hosting_per_day(self) -> float | None:
        """Price of a day of the endpoint, before any request."""
        price = self.prices.gpu_hosting_per_hour if self.managed else self.prices.hosting_per_hour
        return None if price is None else round(24 * price, 2)

    def summary(self) -> dict[str, Any]:
        """Return what is worth showing; prices that nobody set are left out."""
        shown: dict[str, Any] = {
            "tokens": self.tokens,
            "epochs": self.epochs,
            "trained_tokens": self.trained_tokens,
        }
        shown |= {} if self.hours is None else {"estimated_hours": round(self.hours, 3)}
        shown |= {"gpus": self.prices.gpus} if self.managed else {}
        known = {"training": self.training, "hosting_per_day": self.hosting_per_day}
        prices = {name: price for name, price in known.items() if price is not None}
        return shown | prices | ({"currency": self.prices.currency} if prices else {})


def cost_findings(cost: Cost, manifest: Manifest) -> Iterator[Found]:
    """Yield what forbids to spend so much."""
    if cost.trained_tokens > MOST_TOKENS and not cost.managed:
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
