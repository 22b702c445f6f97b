"""Finds the base model that was asked for."""

import json
from dataclasses import dataclass
from pathlib import Path

from trainer.errors import UserError

OWN_BASE = Path(__file__).parent / "base"


@dataclass(frozen=True)
class Base:
    """Which model the training starts from, and which one was asked for."""

    asked: str
    folder: Path

    @property
    def stand_in(self) -> bool:
        """Return whether our own small model stands in for the one that was asked for."""
        return self.folder == OWN_BASE and self.asked != "small"

    def __str__(self) -> str:
        return f"our small model standing in for {self.asked}" if self.stand_in else self.asked


def find_base(asked: str) -> Base:
    """Return the folder to load; a name without a folder means our own small model."""
    folder = Path(asked)
    if folder.is_dir():
        _check_config(folder)
        return Base(asked, folder)
    if folder.exists() or folder.is_absolute() or asked.startswith((".", "~")):
        raise UserError(f"--base-model {asked}", "is not a folder", "give a folder with a Phi-3 model, or a name")
    return Base(asked, OWN_BASE)


def _check_config(folder: Path) -> None:
    config = folder / "config.json"
    try:
        kind = json.loads(config.read_text(encoding="utf-8")).get("model_type")
    except (OSError, ValueError, AttributeError) as error:
        fix = "give the folder of a model saved by transformers"
        raise UserError(f"--base-model {folder}", "has no readable config.json", fix) from error
    if kind != "phi3":
        what = f"config.json says model_type {json.dumps(kind)}, not phi3"
        raise UserError(f"--base-model {folder}", what, "give a Phi-3 or Phi-4-mini model")
