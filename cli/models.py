"""`tunedrop models`: the base models that TuneDrop knows."""

import os
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from cli.output import console, json_out, print_table
from shared.core.base_models import BaseModel, Route, base_models, refusal
from shared.core.dataset.cost import Prices
from shared.errors import SettingsError
from shared.settings import settings_and_faults

PRICES = (  # the settings about them
    "PRICE_PER_1000_TRAINING_TOKENS",
    "HOSTING_PER_HOUR",
    "GPU_TRAINING_PER_HOUR",
    "GPU_HOSTING_PER_HOUR",
    "TRAINING_GPUS",
    "CURRENCY",
)
HEADS = ("base model", "route", "lifecycle", "regions", "context", "trained on", "its template", "price")


def show(*, as_json: bool, environment: Mapping[str, str] = os.environ) -> None:
    """Show every base model; those that can be fine-tuned come first, prices are those of the settings."""
    prices = _prices(environment)
    today = datetime.now(UTC).date()
    found = [_facts(model, today, prices) for model in base_models().values()]
    if as_json:
        json_out({"object": "list", "data": found})
    else:
        print_table(console(), HEADS, map(_row, found))


def _prices(environment: Mapping[str, str]) -> Prices:
    """Return the prices of the settings; raises SettingsError that names the one that is none."""
    settings, faults = settings_and_faults(environment)
    wrong = [fault for fault in faults if fault.startswith(PRICES)]
    if wrong:
        raise SettingsError("; ".join(wrong))
    return settings.prices


def _facts(model: BaseModel, today: date, prices: Prices) -> dict[str, Any]:
    """Return what is known of the base model as JSON."""
    managed = model.route is Route.MANAGED
    return {
        "name": model.name,
        "publisher": model.publisher,
        "route": model.route.value,
        "can_be_tuned": refusal(model, today) is None,
        "retired_on": model.retired_on.isoformat() if model.retired_on else None,
        "replaced_by": model.replaced_by or None,
        "regions": list(model.regions),
        "context_length": model.context_length,
        "training_length": model.training_length,
        "roles": list(model.roles),
        "system_messages": model.system_messages,
        "tools": model.tools,
        "control_tokens": list(model.control_tokens),
        "training_per_1000_tokens": None if managed else prices.per_1000_tokens,
        "training_per_hour": prices.gpu_training_per_hour if managed else None,
        "hosting_per_hour": prices.gpu_hosting_per_hour if managed else prices.hosting_per_hour,
        "currency": prices.currency,
    }


def _row(facts: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        facts["name"],
        facts["route"],
        "can be tuned" if facts["can_be_tuned"] else f"retired {facts['retired_on']}, use {facts['replaced_by']}",
        _regions(facts),
        f"{facts['context_length']:,}",
        f"{facts['training_length']:,} tokens of an example",
        _template(facts),
        _price(facts) if facts["can_be_tuned"] else "",
    )


def _regions(facts: Mapping[str, Any]) -> str:
    """Return where it can be fine-tuned."""
    if facts["route"] == Route.MANAGED:
        return "wherever there is GPU quota"
    return ", ".join(facts["regions"]) or "none"


def _template(facts: Mapping[str, Any]) -> str:
    """Return what the chat template knows of."""
    lacks = [
        what for what, known in (("system", facts["system_messages"]), ("tools", facts["tools"])) if not known
    ]
    return f"no {', no '.join(lacks)}" if lacks else "all"


def _price(facts: Mapping[str, Any]) -> str:
    tokens, training, hosting, currency = (
        facts[name] for name in ("training_per_1000_tokens", "training_per_hour", "hosting_per_hour", "currency")
    )
    told = [f"{tokens:g} {currency} for 1,000 tokens"] if tokens is not None else []
    told += [f"{training:g} {currency} an hour of training"] if training is not None else []
    told += [f"{hosting:g} {currency} an hour of serving"] if hosting is not None else []
    return ", ".join(told) or "not in the settings"
