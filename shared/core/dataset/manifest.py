"""The manifest `<name>.yaml` beside a dataset: what its owner chose, with defaults for the rest."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import yaml

from shared.core.base_models import DEFAULT_BASE_MODEL, Route, base_model, base_models
from shared.core.dataset.findings import Findings, shown
from shared.core.dataset.manifest_keys import KEYS, NOT_SETTABLE

MAX_BYTES = 16 * 1024
MAX_BRACKETS = 100  # a manifest needs none, and the time to read nested ones grows with the square of them


@dataclass(frozen=True)
class Manifest:
    """What a dataset's owner chose."""

    base_model: str = DEFAULT_BASE_MODEL
    epochs: int = 3
    batch_size: int = 1
    learning_rate: float = 2e-5  # Microsoft's notebook for this kind of job
    learning_rate_multiplier: float = 1.0
    validation_share: float = 0.1
    seed: int = 0
    budget: float = 0.0
    owner: str = ""
    notify: tuple[str, ...] = ()  # e-mail addresses
    allow_harm: tuple[str, ...] = ()  # categories; what falls under them is noted with the owner's name
    held_out: tuple[str, ...] = ()  # names of files that the dataset must not overlap with
    protected_material: bool = False  # whether answers are compared with what others have published
    licence: str = ""
    consent: str = ""
    retention: str = ""
    strict: bool = False
    lora_r: int | None = None  # this and what follows: for managed base models only; None: as the trainer does
    lora_alpha: int | None = None
    lora_dropout: float | None = None
    gradient_accumulation_steps: int | None = None
    max_seq_length: int | None = None  # tokens
    packing: bool | None = None
    early_stopping_patience: int | None = None
    warmup_ratio: float | None = None
    weight_decay: float | None = None

    def hyperparameters(self) -> dict[str, str]:
        """Return what the job is given: by Azure ML's names, and as texts, as its REST API wants them.

        What only the trainer of the managed route knows is given where the manifest names it, by the key's name.
        """
        named = {name: getattr(self, name) for name, key in KEYS.items() if key.managed}
        return {
            "num_train_epochs": str(self.epochs),
            "per_device_train_batch_size": str(self.batch_size),
            "learning_rate": _text(self.learning_rate * self.learning_rate_multiplier),
        } | {name: _text(value) for name, value in named.items() if value is not None}


def _text(value: Any) -> str:
    """Return a value as every command line reads it: no exponents, and truth in small letters."""
    match value:
        case bool():
            return str(value).lower()
        case float():
            return format(Decimal(f"{value:.6g}"), "f")
        case _:
            return str(value)


def manifest_of(content: bytes, findings: Findings, default_base_model: str = DEFAULT_BASE_MODEL) -> Manifest:
    """Return the manifest; what is wrong with it goes to the findings, and the default stands in its place."""
    chosen: dict[str, Any] = {"base_model": default_base_model}
    seen: dict[str, int] = {}
    for key, value in _pairs(content, findings):
        line, name = key.start_mark.line + 1, key.value if isinstance(key, yaml.ScalarNode) else ""
        if name not in KEYS:
            findings.add(*_unknown(name), line=line, path=shown(name).strip("'"))
        elif name in seen:
            findings.add("M02", f"the key {name} stands twice", line, name)
        elif not isinstance(value, yaml.ScalarNode):
            findings.add("M04", f"{name} must be one value, not a list or a map", line, name)
        else:
            try:
                chosen[name] = KEYS[name].read(value.value.strip())
            except ValueError as wrong:
                findings.add("M05" if name == "base_model" else "M04", f"{name}: {wrong}", line, name)
        seen.setdefault(name, line)
    if not findings.counts["M05"]:
        _keep_to_the_base_model(chosen, seen, findings)
    if chosen.get("allow_harm") and not chosen.get("owner"):
        findings.add("M04", "allow_harm needs an owner: whoever answers for the harmful texts", path="allow_harm")
        del chosen["allow_harm"]
    return Manifest(**chosen)


def _keep_to_the_base_model(chosen: dict[str, Any], lines: Mapping[str, int], findings: Findings) -> None:
    """Take out what the chosen base model does not have, and say why."""
    model = base_model(chosen["base_model"])
    for name in [name for name in chosen if KEYS[name].managed and model.route is not Route.MANAGED]:
        takers = ", ".join(known.name for known in base_models().values() if known.route is Route.MANAGED)
        why = f"Azure's serverless fine-tuning chooses it itself; it can be set for {takers}"
        findings.add("M03", f"{name} cannot be set for {model.name}: {why}", lines[name], name)
        del chosen[name]
    if chosen.get("max_seq_length", 0) > model.context_length:
        why = f"{model.name} reads at most {model.context_length} tokens"
        findings.add("M04", f"max_seq_length: {why}", lines["max_seq_length"], "max_seq_length")
        del chosen["max_seq_length"]


def _pairs(content: bytes, findings: Findings) -> list[tuple[yaml.Node, yaml.Node]]:
    """Return the manifest's keys and values with their places; no object is made from it."""
    if len(content) > MAX_BYTES:
        findings.add("M01", f"the manifest is larger than {MAX_BYTES} bytes")
        return []
    if content.count(b"[") + content.count(b"{") > MAX_BRACKETS:
        findings.add("M01", "the manifest nests lists or maps; it holds `key: value` lines only")
        return []
    try:
        root = yaml.compose(content.decode("utf-8-sig"), Loader=yaml.SafeLoader)
    except UnicodeDecodeError as wrong:
        findings.add("M01", f"the manifest is not UTF-8 (byte {wrong.start})")
    except yaml.MarkedYAMLError as wrong:
        mark = wrong.problem_mark
        findings.add("M01", f"not YAML: {wrong.problem or 'broken'}"[:120], mark.line + 1 if mark else None)
    except (yaml.YAMLError, RecursionError):
        findings.add("M01", "not YAML: a character that may not stand there, or nested too deep")
    else:
        if isinstance(root, yaml.MappingNode):
            return list(root.value)
        if root is not None and root.tag != "tag:yaml.org,2002:null":
            findings.add("M01", "the manifest is not a list of `key: value` lines", 1)
    return []


def _unknown(name: str) -> tuple[str, str]:
    """Return code and message for a key that the manifest does not have."""
    if NOT_SETTABLE.fullmatch(name.lower()):
        return "M03", f"{shown(name)} cannot be set: the training chooses it itself"
    near = difflib.get_close_matches(name.lower(), KEYS, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(KEYS)}"
    return "M02", f"unknown key {shown(name)}; {hint}"
