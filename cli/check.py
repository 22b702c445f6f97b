"""`tunedrop check`: the dataset check, on this machine."""

import argparse
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from shared.core.dataset import check_dataset
from shared.core.dataset.naming import dataset_of

CHUNK = 1 << 20  # bytes read at a time


def run(options: argparse.Namespace) -> int:
    """Print every finding; exit 0 when the dataset would be accepted, 1 when not."""
    path: Path = options.file
    if not path.is_file():
        print(f"tunedrop: {path} is not a file; name a .jsonl file", file=sys.stderr)
        return 2
    name = dataset_of(path.name)
    validation, manifest = path.with_name(name.validation_path), path.with_name(name.manifest_path)
    report = check_dataset(
        partial(_chunks, path),
        _chunks_if_there(validation),
        manifest.read_bytes() if manifest.is_file() else None,
        path.name,
        today=datetime.now(UTC).date(),
    )
    for finding in report.findings:
        where = f"line {finding.line}: " if finding.line else ""
        print(f"{finding.severity:8}{finding.code}  {where}{finding.message} Fix: {finding.fix}")
    verdict = "accepted" if report.accepted else "rejected"
    print(f"{path}: {verdict}, {report.dataset.examples} examples, about {report.tokens} tokens")
    return 0 if report.accepted else 1


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            yield piece


def _chunks_if_there(path: Path) -> Callable[[], Iterator[bytes]] | None:
    return partial(_chunks, path) if path.is_file() else None
