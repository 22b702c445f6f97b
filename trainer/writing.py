"""Writes the tuned model: whole or not at all where the folder is ours, file by file where it is mounted."""

import shutil
import tempfile
from pathlib import Path

from trainer.checkpoints import copied
from trainer.errors import UserError
from trainer.model import Loaded

LAST = "config.json"  # a folder without it is no model


def save(loaded: Loaded, folder: Path) -> None:
    """Write the model into the folder; one that exists is kept, since it may be a mounted one, and filled anew."""
    try:
        if folder.is_dir():
            _into(loaded, folder)
        else:
            _beside(loaded, folder)
    except OSError as error:
        what = f"cannot be written ({error.strerror or type(error).__name__})"
        raise UserError(
            f"--model {folder}", what, "give a folder with enough room that you may write to"
        ) from error


def _beside(loaded: Loaded, folder: Path) -> None:
    half = folder.with_name(folder.name + ".partial")
    shutil.rmtree(half, ignore_errors=True)
    try:
        _write(loaded, half)
        half.replace(folder)
    finally:
        shutil.rmtree(half, ignore_errors=True)


def _into(loaded: Loaded, folder: Path) -> None:
    """Fill a folder that cannot be renamed; the files are made elsewhere, a mount may only take them in order."""
    with tempfile.TemporaryDirectory(prefix="tuned-") as made:
        _write(loaded, Path(made))
        (folder / LAST).unlink(missing_ok=True)
        for old in folder.iterdir():
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        for file in sorted(Path(made).iterdir(), key=lambda file: file.name == LAST):
            copied(file, folder / file.name)


def _write(loaded: Loaded, folder: Path) -> None:
    if loaded.half is not None:  # not .to(), which would round the frequencies of positions: it is measured later
        for weight in loaded.model.parameters():
            weight.data = weight.data.to(loaded.half)
    loaded.model.save_pretrained(folder)
    loaded.tokenizer.save_pretrained(folder)
