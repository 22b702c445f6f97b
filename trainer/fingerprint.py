"""Tells whether two commands ask for the same training: only then does one go on where the other was killed."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from trainer.bases import Base
from trainer.options import Options


def fingerprint(options: Options, base: Base, processes: int) -> str:
    """Return a hash over all that decides what a training computes: hyperparameters, data, base model, processes.

    Weights count by file name and size: they are gigabytes, and a registry's versions don't change.
    """
    facts = {
        "asked": asdict(options.asked),
        "method": options.method,
        "profile": options.profile,
        "eval_examples": options.eval_examples,
        "processes": processes,
        "train": _sha256(options.train),
        "validation": _sha256(options.validation),
        "config": _sha256(base.config / "config.json"),
        "weights": sorted(_sizes(base.weights)),
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _sha256(file: Path) -> str:
    with file.open("rb") as read:
        return hashlib.file_digest(read, "sha256").hexdigest()


def _sizes(folder: Path) -> Iterator[tuple[str, int]]:
    for file in folder.iterdir():
        if file.suffix in (".safetensors", ".bin"):
            yield file.name, file.stat().st_size
