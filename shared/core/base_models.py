"""The base models that TuneDrop knows, and what holds for each; the facts stand in base_models.toml."""

import difflib
import tomllib
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from shared.errors import TuneDropError

DEFAULT_BASE_MODEL = "Phi-4-mini-instruct"


class UnknownBaseModel(TuneDropError):
    """There is no base model of this name; the message names the nearest ones."""


class Route(StrEnum):
    """The way in which a base model is fine-tuned and served."""

    SERVERLESS = "serverless"  # a fine-tuning job, then a serverless endpoint
    MANAGED = "managed"  # our own training as a command job on GPU compute, then a managed online endpoint


@dataclass(frozen=True)
class BaseModel:
    """A base model, and what its fine-tuning asks of a dataset."""

    name: str
    publisher: str
    route: Route
    context_length: int  # tokens that the model can read
    training_length: int  # tokens of an example after which the training cuts it off
    roles: tuple[str, ...]
    tools: bool  # whether examples may hold tool calls
    control_tokens: tuple[str, ...]  # what separates messages in its chat template
    regions: tuple[str, ...]  # where it can be fine-tuned; none: wherever there is compute, for managed ones
    max_bytes: int  # a dataset must be smaller
    min_examples: int
    tokens_per_second: int  # of training, computed: see base_models.toml
    system_messages: bool = True  # whether its chat template has them
    vocabulary: str = "cl100k_base"  # the one by which tokens are estimated
    asset_type: str = "mlflow_model"  # how its weights lie in the registry
    version: int | None = None
    retired_on: date | None = None
    replaced_by: str = ""

    @property
    def registry_path(self) -> str:
        """Path of the model in Azure ML's registry `azureml`."""
        version = f"versions/{self.version}" if self.version else "labels/latest"
        return f"azureml://registries/azureml/models/{self.name}/{version}"


@cache
def base_models() -> dict[str, BaseModel]:
    """Return every base model by its name."""
    table = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    return {name: _base_model(name, table["defaults"] | facts) for name, facts in table["models"].items()}


def _base_model(name: str, facts: dict[str, Any]) -> BaseModel:
    """Return the base model of these facts."""
    fixed: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in facts.items()
    }
    return BaseModel(**(fixed | {"name": name, "route": Route(facts["route"])}))


def base_model(name: str) -> BaseModel:
    """Return the base model of this name, however it is capitalised; raises UnknownBaseModel."""
    names = {known.lower(): known for known in base_models()}
    known = names.get(name.strip().lower())
    if known is None:
        near = difflib.get_close_matches(name.strip().lower(), names, n=1, cutoff=0.5)
        hint = f"did you mean {names[near[0]]}?" if near else f"choose one of {', '.join(names.values())}"
        raise UnknownBaseModel(f"There is no base model {name.strip()[:64]!r}; {hint}")
    return base_models()[known]


def refusal(model: BaseModel, today: date) -> str | None:
    """Return why the base model cannot be fine-tuned on this day, or None when it can."""
    if model.retired_on is None or today < model.retired_on:
        return None
    return (
        f"{model.name} was retired from serverless fine-tuning on {model.retired_on.isoformat()}; "
        f"use {model.replaced_by} instead"
    )


def all_control_tokens() -> frozenset[str]:
    """Return the control tokens of every known base model."""
    return frozenset(token for model in base_models().values() for token in model.control_tokens)
