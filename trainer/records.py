"""Writes down how the training goes: one line per measurement, and a summary with a picture at the end."""

import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

from trainer.curve import loss_curve

METRICS = "metrics.jsonl"
SUMMARY = "metrics.json"
CURVE = "loss.svg"
PAUSE = 1.0  # seconds between writes: on a blob mount each is an upload
LAST_WORDS = ("exact_match", "answer_f1", "cap_hit", "best_step")  # said after the last step


class Listener(Protocol):
    """Who else is told each measurement."""

    def add(self, step: int, values: dict[str, float]) -> None:
        """Take the numbers of one measurement."""

    def close(self) -> None:
        """Take no more."""


class Records:
    """The files that tell a reader how the training goes while it goes.

    `since` is the step of the checkpoint that the training goes on from: lines of later steps are removed.
    """

    def __init__(self, folder: Path, since: int | None = None, listeners: Iterable[Listener] = ()) -> None:
        self._folder, self._listeners = folder, tuple(listeners)
        folder.mkdir(parents=True, exist_ok=True)
        self._lines = [] if since is None else _lines_until(folder / METRICS, since)
        (folder / SUMMARY).unlink(missing_ok=True)
        self._rewrite()
        self._written, self._at = len(self._lines), time.monotonic() - PAUSE

    def add(self, step: int, epoch: float, **values: float | str) -> None:
        """Note one measurement; it can be read within about a second."""
        line = {"step": step, "epoch": round(epoch, 4)} | {name: _short(value) for name, value in values.items()}
        self._lines.append(line)
        numbers = {name: float(value) for name, value in line.items() if _is_metric(name, value)}
        for listener in self._listeners:
            listener.add(step, numbers)
        if time.monotonic() - self._at >= PAUSE:
            self.flush()

    def flush(self) -> None:
        """Write what is not written yet."""
        text = "".join(json.dumps(line) + "\n" for line in self._lines[self._written :])
        try:
            with (self._folder / METRICS).open("a", encoding="utf-8") as metrics:
                metrics.write(text)
        except OSError:  # some mounts cannot append
            self._rewrite()
        self._written, self._at = len(self._lines), time.monotonic()

    def say(self, text: str) -> None:
        """Tell whoever watches, in one line."""
        print(f"trainer: {text}", flush=True)

    def finish(self, summary: dict[str, Any]) -> None:
        """Write all that is left: the lines, the picture, and the summary last."""
        self.flush()
        (self._folder / CURVE).write_text(loss_curve(self._lines), encoding="utf-8")
        (self._folder / SUMMARY).write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
        for listener in self._listeners:
            listener.close()

    def _rewrite(self) -> None:
        text = "".join(json.dumps(line) + "\n" for line in self._lines)
        (self._folder / METRICS).write_text(text, encoding="utf-8")


class NoRecords(Records):
    """What the processes other than the first write: nothing."""

    def __init__(self) -> None:
        pass

    def add(self, step: int, epoch: float, **values: float | str) -> None:
        """Pass over a measurement."""

    def flush(self) -> None:
        """Write nothing."""

    def say(self, text: str) -> None:
        """Say nothing."""

    def finish(self, summary: dict[str, Any]) -> None:
        """Write nothing."""


def _lines_until(file: Path, step: int) -> list[dict[str, Any]]:
    """Return the lines of steps up to this one; the last may be broken off, and any may be damaged."""
    lines = file.read_text("utf-8", "replace").rpartition("\n")[0].split("\n") if file.exists() else []
    found = [line for text in lines if (line := _line(text)) is not None]
    return [line for line in found if line["step"] <= step and not any(name in line for name in LAST_WORDS)]


def _line(text: str) -> dict[str, Any] | None:
    """Return a line's measurement; None where it is none: that must not keep a training from going on."""
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return line if isinstance(line, dict) and isinstance(line.get("step"), int) else None


def _is_metric(name: str, value: float | str) -> bool:
    return name not in ("step", "epoch") and not isinstance(value, str)


def _short(value: float | str) -> float | str:
    return value if isinstance(value, str) else float(f"{value:.6g}")
