"""Runs all contestants on the same files and writes what they took into docs/benchmarks.md.

Usage: python -m bench.datasets [--mb 100] [--large-mb 1000] [--short-lines 10000000] [--rounds 3]
"""

import argparse
import json
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.datasets.aims import HEAD, against
from bench.datasets.chats import write_chats, write_short_lines
from bench.datasets.contestants import CONTESTANTS

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
FLOOR, OURS, ALL = "msgspec, typed", "TuneDrop, first pass", "TuneDrop, whole check"


@dataclass(frozen=True)
class Took:
    """What one contestant took for one file."""

    seconds: float  # of CPU time
    peak_mb: float
    megabytes: float

    @property
    def speed(self) -> float:
        """Megabytes per second of CPU time."""
        return self.megabytes / self.seconds


def all_took(names: Iterable[str], path: Path, rounds: int) -> dict[str, Took]:
    """Return the best of some rounds for each contestant; in a round all of them run, each in its own process."""
    runs: dict[str, list[Took]] = {name: [] for name in names}
    for _ in range(rounds):
        for name, before in runs.items():
            before.append(took(name, path))
            print(f"{path.name} {name}: {before[-1].speed:.0f} MB/s", flush=True)
    return {
        name: Took(min(r.seconds for r in each), max(r.peak_mb for r in each), each[0].megabytes)
        for name, each in runs.items()
    }


def took(name: str, path: Path) -> Took:
    """Return what one contestant takes once."""
    command = [sys.executable, "-m", "bench.datasets.contestants", name, str(path)]
    run = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return Took(run["seconds"], run["peak_mb"], path.stat().st_size / 1e6)


def peers(path: Path, lines: int, rounds: int) -> Iterator[tuple[str, ...]]:
    """Yield the rows of the table of all contestants on one file."""
    results = all_took(CONTESTANTS, path, rounds)
    yield "contestant", "MB/s of CPU time", "of the floor", "peak memory, MB", "looks at", *HEAD
    for name, result in results.items():
        ratio = result.speed / results[FLOOR].speed
        aims = against(result.speed, ratio, result.peak_mb, lines) if name == OURS else ("", "")
        yield name, f"{result.speed:.0f}", f"{ratio:.2f}", f"{result.peak_mb:.0f}", CONTESTANTS[name][1], *aims


def variants(
    folder: Path, megabytes: float, large: float, short_lines: int, rounds: int
) -> Iterator[tuple[str, ...]]:
    """Yield the rows of the table of other files."""
    yield (
        "file",
        "MB",
        "lines",
        "floor, MB/s",
        "first pass, MB/s",
        "of the floor",
        "peak memory, MB",
        "whole check, MB/s",
        *HEAD,
    )
    path = folder / "other.jsonl"
    for name, options in (
        ("escapes for all that is not ASCII", {"ascii_only": True}),
        ("English in ASCII only", {"languages": ("plain",)}),
        ("one answer in 50 calls a tool, an error for Phi", {"tools": 0.02}),
    ):
        lines = write_chats(path, megabytes / 4, **options)
        yield variant(name, path, lines, rounds, whole=True, floor="tools" not in options)
    if large:
        yield variant("large", path, write_chats(path, large), 2, whole=False)
    if short_lines:
        write_short_lines(path, short_lines)
        yield variant("the shortest lines", path, short_lines, 1, whole=False)
    path.unlink()


def variant(name: str, path: Path, lines: int, rounds: int, *, whole: bool, floor: bool = True) -> tuple[str, ...]:
    """Return the row of one file."""
    results = all_took((FLOOR, OURS) if floor else (OURS,), path, rounds)
    ours, least = results[OURS], results.get(FLOOR)
    share = ours.speed / least.speed if least else None
    return (
        name,
        f"{ours.megabytes:.0f}",
        f"{lines:,}",
        f"{least.speed:.0f}" if least else "",
        f"{ours.speed:.0f}",
        "" if share is None else f"{share:.2f}",
        f"{ours.peak_mb:.0f}",
        f"{took(ALL, path).speed:.0f}" if whole else "",
        *against(ours.speed, share, ours.peak_mb, lines),
    )


def table(rows: Iterator[tuple[str, ...]]) -> str:
    """Return the rows as Markdown, the first one as head."""
    head, *body = rows
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, ("---",) * len(head), *body))


def write(tables: str) -> None:
    """Put the tables between the markers of the page."""
    marked = re.compile("(<!-- datasets -->\n).*?(<!-- end datasets -->)", re.DOTALL)
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(marked.sub(lambda found: f"{found[1]}{tables}\n{found[2]}", page), encoding="utf-8")


def main() -> None:
    """Generate the files, run all, write the page."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--mb", type=float, default=100)
    arguments.add_argument("--large-mb", type=float, default=0)
    arguments.add_argument("--short-lines", type=int, default=0)
    arguments.add_argument("--rounds", type=int, default=3)
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chats.jsonl"
        lines = write_chats(path, chosen.mb)
        where = (
            f"Python {platform.python_version()}, {chosen.mb:.0f} MB, {lines:,} lines, best of {chosen.rounds}."
        )
        first = table(peers(path, lines, chosen.rounds))
        path.unlink()
        others = variants(Path(folder), chosen.mb, chosen.large_mb, chosen.short_lines, chosen.rounds)
        write(f"{where}\n\n{first}\n\nOther files:\n\n{table(others)}")


if __name__ == "__main__":
    main()
