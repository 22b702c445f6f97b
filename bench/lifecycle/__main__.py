"""Drops many datasets at once and writes what their runs took into docs/benchmarks.md.

Usage: python -m bench.lifecycle [--runs 100 1000]
"""

import argparse
import os
import platform
import re
from pathlib import Path

from bench.lifecycle.loading import Load, loaded
from tests.cloud import running_cloud

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
HEAD = (
    "runs at once",
    "ended as",
    "minutes",
    "runs per minute",
    "calls per run: Azure ML",
    "reads of a job, most",
    "Content Safety",
    "queue messages per run",
    "failed executions",
    "host's CPU seconds per run",
    "host's peak memory, MB",
)


def row(load: Load) -> tuple[str, ...]:
    """Return the row of one load."""
    return (
        f"{load.runs:,}",
        ", ".join(f"{count:,} {state}" for state, count in sorted(load.states.items())),
        f"{load.seconds / 60:.1f}",
        f"{load.runs / load.seconds * 60:.0f}",
        f"{load.calls['arm'] / load.runs:.1f}",
        f"{max(load.reads.values())}",
        f"{load.calls['content_safety'] / load.runs:.1f}",
        f"{load.advances / load.runs:.1f}",
        f"{load.failures}",
        f"{load.cpu_seconds / load.runs:.2f}",
        f"{load.peak_mb:.0f}",
    )


def table(rows: list[tuple[str, ...]]) -> str:
    """Return the rows as Markdown."""
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (HEAD, ("---",) * len(HEAD), *rows))


def write(text: str) -> None:
    """Put the text between the markers of the page."""
    marked = re.compile("(<!-- lifecycle -->\n).*?(<!-- end lifecycle -->)", re.DOTALL)
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(marked.sub(lambda found: f"{found[1]}{text}\n{found[2]}", page), encoding="utf-8")


def main() -> None:
    """Run the loads and write the page; each row is printed as it comes."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--runs", type=int, nargs="+", default=[100, 1000])
    rows = []
    for runs in arguments.parse_args().runs:
        with running_cloud() as cloud:
            cloud.train_instantly()
            rows.append(row(loaded(cloud, "load", runs)))
        print(table(rows), flush=True)
    write(f"Python {platform.python_version()}, {os.cpu_count()} cores.\n\n{table(rows)}")


if __name__ == "__main__":
    main()
