"""Checkpoints: what a training that was killed goes on from.

Each lies in a folder of its own, `step-00000120/`, and its list of files, with size and SHA-256 of each, is
written last: one that a kill broke off, or whose upload did, has no list that fits and does not count. Nothing is
renamed or appended to, because a blob mount does neither in one go. The checkpoint before goes only once the next
one is whole.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trainer.errors import UserError
from trainer.state import State

FORMAT = 1
LIST = "checkpoint.json"
WEIGHTS = "weights.safetensors"
OPTIMIZER = "optimizer.pt"


class Checkpoints:
    """The checkpoints of one training; `fingerprint` stands for its options and data.

    With `keep_best` the one with the lowest loss on held-out examples stays beside the newest.
    """

    def __init__(self, folder: Path, fingerprint: str, *, keep_best: bool = False) -> None:
        self._folder, self._fingerprint, self._keep_best = folder, fingerprint, keep_best

    def newest(self) -> State | None:
        """Return where the newest whole checkpoint of this very training stands."""
        for folder in sorted(self._folder.glob("step-*"), reverse=True):
            state = self._state(folder)
            if state and self._best_is_there(state):
                return state
        return None

    def left_over(self) -> bool:
        """Return whether there is anything else: of another training, or broken off."""
        return any(self._folder.glob("step-*"))

    def clear(self) -> None:
        """Remove all checkpoints."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def save(self, state: State, weights: Mapping[str, Any], optimizer: Mapping[str, Any]) -> None:
        """Write a checkpoint of the state that the training has now, then remove those it replaces."""
        import torch
        from safetensors.torch import save_file

        folder = self._at(state.step)
        try:
            with tempfile.TemporaryDirectory(prefix="checkpoint-") as made:
                tensors = {name: weight.detach().cpu().contiguous() for name, weight in weights.items()}
                save_file(tensors, Path(made) / WEIGHTS)
                torch.save(optimizer, Path(made) / OPTIMIZER)
                self._put(state, Path(made), folder)
        except OSError as error:
            what = f"no checkpoint can be written ({error.strerror or type(error).__name__})"
            raise UserError(f"--output {self._folder.parent}", what, "make room or give another folder") from error
        self._remove_all_but(state)

    def weights(self, step: int) -> dict[str, Any]:
        """Return the weights of a checkpoint, by name."""
        from safetensors.torch import load_file

        found: dict[str, Any] = load_file(self._at(step) / WEIGHTS)
        return found

    def optimizer(self, step: int) -> dict[str, Any]:
        """Return what the optimizer knew at a checkpoint; it moves that to its own device itself."""
        import torch

        found: dict[str, Any] = torch.load(self._at(step) / OPTIMIZER, map_location="cpu", weights_only=True)
        return found

    def _at(self, step: int) -> Path:
        return self._folder / f"step-{step:08d}"

    def _put(self, state: State, made: Path, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        files = {name: copied(made / name, folder / name) for name in (WEIGHTS, OPTIMIZER)}
        record = {"format": FORMAT, "fingerprint": self._fingerprint, "state": state.as_json(), "files": files}
        (folder / LIST).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")

    def _remove_all_but(self, state: State) -> None:
        kept = {self._at(state.step)}
        if self._keep_best and state.best:
            kept.add(self._at(state.best.step))
        for folder in set(self._folder.glob("step-*")) - kept:
            shutil.rmtree(folder, ignore_errors=True)

    def _best_is_there(self, state: State) -> bool:
        return not self._keep_best or state.best is None or self._state(self._at(state.best.step)) is not None

    def _state(self, folder: Path) -> State | None:
        """Return the state of a checkpoint that is whole and of this training."""
        try:
            record = json.loads((folder / LIST).read_text(encoding="utf-8"))
            if (record["format"], record["fingerprint"]) != (FORMAT, self._fingerprint):
                return None
            whole = all(digest(folder / name) == wanted for name, wanted in record["files"].items())
            return State.of_json(record["state"]) if whole else None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None  # broken off: that one is as good as absent is what this folder's layout is for


def copied(source: Path, target: Path) -> dict[str, int | str]:
    """Copy a file from its first byte to its last, as a blob mount wants it; return its size and SHA-256."""
    with source.open("rb") as read, target.open("wb") as written:
        shutil.copyfileobj(read, written, 1 << 20)
    return digest(source)


def digest(file: Path) -> dict[str, int | str]:
    """Return a file's size in bytes and its SHA-256."""
    with file.open("rb") as read:
        return {"bytes": file.stat().st_size, "sha256": hashlib.file_digest(read, "sha256").hexdigest()}
