"""Writes down how the training goes: one line per measurement, and a summary at the end."""

import json
from pathlib import Path
from typing import Any

METRICS = "metrics.jsonl"
SUMMARY = "summary.json"


class Records:
    """The files that tell a reader how the training goes while it goes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / SUMMARY).unlink(missing_ok=True)
        (folder / METRICS).write_text("", encoding="utf-8")

    def add(self, step: int, epoch: float, **values: float | str) -> None:
        """Append one measurement; it can be read at once."""
        line = {"step": step, "epoch": round(epoch, 4)} | {name: _short(value) for name, value in values.items()}
        with (self._folder / METRICS).open("a", encoding="utf-8") as metrics:
            metrics.write(json.dumps(line) + "\n")

    def finish(self, summary: dict[str, Any]) -> None:
        """Write the summary, whole or not at all."""
        half = self._folder / (SUMMARY + ".partial")
        half.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
        half.replace(self._folder / SUMMARY)


def _short(value: float | str) -> float | str:
    return value if isinstance(value, str) else float(f"{value:.6g}")
