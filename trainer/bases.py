"""Finds the base model that was asked for: its configuration, weights and tokenizer, wherever they lie."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from trainer.errors import UserError

OWN_BASE = Path(__file__).parent / "base"
DEEPEST = 5  # folders: mlflow_model_folder/data/model needs three
WEIGHTS = (".safetensors", ".bin")
TOKENIZERS = ("tokenizer.json", "tokenizer.model")
FIX = "give the folder of a model saved by transformers, or an MLflow model with one in it"


@dataclass(frozen=True)
class Base:
    """Which model the training starts from, where its parts lie, and which one was asked for."""

    asked: str
    weights: Path
    config: Path
    tokenizer: Path

    @property
    def stand_in(self) -> bool:
        """Return whether our own small model stands in for the one that was asked for."""
        return self.weights == OWN_BASE and self.asked != "small"

    def __str__(self) -> str:
        return f"our small model standing in for {self.asked}" if self.stand_in else self.asked


def find_base(asked: str) -> Base:
    """Return the model to load; a name without a folder means our own small model."""
    folder = Path(asked)
    if folder.is_dir():
        return _parts(asked, folder)
    if folder.exists() or folder.is_absolute() or asked.startswith((".", "~")):
        raise UserError(f"--base-model {asked}", "is not a folder", "give a folder with a Phi-3 model, or a name")
    return Base(asked, OWN_BASE, OWN_BASE, OWN_BASE)


def _parts(asked: str, folder: Path) -> Base:
    """Return the three parts of a model: in one folder, or apart as MLflow stores them."""
    found = _contents(folder)
    weights = [at for at, names in found if any(_holds_weights(name) for name in names)]
    configs = [at for at, names in found if "config.json" in names]
    tokenizers = [at for at, names in found if any(name in names for name in TOKENIZERS)]
    beside = weights[0] if weights else folder
    config = _nearest(beside, configs, asked, "has no readable config.json")
    _check_kind(asked, config)
    if not weights:
        raise UserError(f"--base-model {asked}", "has no weights (*.safetensors or *.bin)", FIX)
    return Base(asked, beside, config, _nearest(beside, tokenizers, asked, "has no tokenizer.json"))


def _contents(folder: Path) -> list[tuple[Path, list[str]]]:
    """Return each folder with its files, the outermost first."""
    found = []
    for at, folders, names in os.walk(folder):
        depth = len(Path(at).relative_to(folder).parts)
        folders[:] = sorted(name for name in folders if not name.startswith(".")) if depth < DEEPEST else []
        found.append((depth, Path(at), names))
    return [(at, names) for _, at, names in sorted(found, key=lambda each: each[:2])]


def _holds_weights(name: str) -> bool:
    return name.endswith(WEIGHTS) and name.startswith(("model", "pytorch_model"))


def _nearest(beside: Path, folders: Sequence[Path], asked: str, missing: str) -> Path:
    if not folders:
        raise UserError(f"--base-model {asked}", missing, FIX)
    return beside if beside in folders else folders[0]


def _check_kind(asked: str, config: Path) -> None:
    try:
        kind = json.loads((config / "config.json").read_text(encoding="utf-8")).get("model_type")
    except (OSError, ValueError, AttributeError) as error:
        raise UserError(f"--base-model {asked}", "has no readable config.json", FIX) from error
    if kind != "phi3":
        what = f"config.json says model_type {json.dumps(kind)}, not phi3"
        raise UserError(f"--base-model {asked}", what, "give a Phi-3 or Phi-4-mini model")
