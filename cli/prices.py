"""What training and hosting cost, as options spell it."""

import re

from cli.errors import CommandError
from shared.core.dataset.cost import Prices


def prices_given(
    per_1000_tokens: float | None,
    hosting_per_hour: float | None,
    currency: str,
    training_per_hour: float | None = None,
    gpus: int = 1,
) -> Prices:
    """Return the prices, an endpoint's for both routes; raises CommandError for a currency that is none."""
    if not re.fullmatch("[A-Z]{3}", currency):
        raise CommandError(f"--currency {currency!r} must be three capital letters, as in USD")
    return Prices(per_1000_tokens, hosting_per_hour, currency, training_per_hour, hosting_per_hour, gpus)
