"""Measures the endpoint beside a plain proxy and LiteLLM, and writes the table into docs/benchmarks.md.

Usage: python -m bench.proxy [--rounds 3] [--requests 1000] [--without-litellm] [--no-page]
       python -m bench.proxy --soak [--seconds 600]
"""

import argparse
import os
import platform
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from bench.proxy import litellm, soak
from bench.proxy.aims import aim_rows, per_core
from bench.proxy.measure import CONNECTIONS, Figures, measured
from bench.proxy.servers import Server, free_port, python, running
from bench.proxy.upstream import BASE_MODEL, KEY, MODEL
from bench.proxy.upstreams import upstream

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
OURS, REFERENCE, LITELLM = "TuneDrop", "Starlette + aiohttp, no rules", f"LiteLLM {litellm.VERSION}"
OURS_TLS = "TuneDrop, TLS to all services"


def contestants(folder: Path, stack: ExitStack, *, with_litellm: bool) -> dict[str, Server]:
    """Start all of them, one process each; they stay until the stack ends."""
    commands = {
        OURS: lambda port: python("bench.proxy.ours", str(port), str(folder)),
        OURS_TLS: lambda port: python("bench.proxy.ours", str(port), str(folder), "--tls"),
        REFERENCE: lambda port: python("bench.proxy.reference", str(port), str(folder)),
    }
    if with_litellm:
        commands[LITELLM] = lambda port: litellm.command(port, folder, KEY, MODEL, BASE_MODEL)
    found = {}
    for number, (name, command) in enumerate(commands.items()):
        port = free_port()
        environment = litellm.environment(dict(os.environ)) if name == LITELLM else None
        log = folder / f"{number}.log"
        found[name] = stack.enter_context(running(command(port), port, log, environment))
    return found


def rows(figures: dict[str, Figures], bare: float) -> Iterator[tuple[str, ...]]:
    """Yield the table of whole answers."""
    yield (
        "contestant",
        "CPU ms per request",
        "requests/s per core",
        "over a direct call, ms",
        *(f"c{count}: p50, p95, p99 ms" for count in CONNECTIONS),
        "300/50 case, ms",
        "memory idle, peak MB",
        "start, first answer s",
    )
    for name, found in figures.items():
        cpu = min(found.cpu)
        yield (
            name,
            f"{cpu:.2f}",
            str(per_core(found)),
            f"{found.at(1, 0.5) - bare:.1f}",
            *(found.percentiles(count) for count in CONNECTIONS),
            f"{min(found.slow):.0f}",
            f"{found.idle_mb:.0f}, {found.peak_mb:.0f}",
            f"{found.start:.1f}, {found.start + found.first_answer / 1000:.1f}",
        )


def stream_rows(figures: dict[str, Figures]) -> Iterator[tuple[str, ...]]:
    """Yield the table of streams and of long chats."""
    yield (
        "contestant",
        "CPU ms per stream",
        "checks of the answer",
        "first word, ms",
        "first word, a token each 5 ms",
        "checks of a chat's 20th turn",
    )
    for name, found in figures.items():
        if not found.stream_cpu:
            continue
        yield (
            name,
            f"{min(found.stream_cpu):.1f}",
            f"{found.checks_per_stream:.0f}",
            f"{min(found.first):.0f}" if all(found.first) else "none",
            f"{min(found.first_typed):.0f}" if all(found.first_typed) else "none",
            f"{found.checks_per_turn:.0f}",
        )


def table(lines: Iterator[tuple[str, ...]]) -> str:
    """Return the rows as Markdown, the first one as head."""
    head, *body = lines
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, ("---",) * len(head), *body))


def write(tables: str) -> None:
    """Put the tables between the markers of the page."""
    marked = re.compile("(<!-- proxy -->\n).*?(<!-- end proxy -->)", re.DOTALL)
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(marked.sub(lambda found: f"{found[1]}{tables}\n{found[2]}", page), encoding="utf-8")


def counts(name: str, requests: int) -> tuple[int, int]:
    """Return how many requests and streams a contestant gets."""
    if name == LITELLM:  # which would take minutes
        return max(10, requests // 10), 4
    return requests, 0 if name == REFERENCE else max(4, requests // 20)


def bench(rounds: int, requests: int, few: int = 5, *, with_litellm: bool) -> str:
    """Run all contestants; return the tables."""
    missing = litellm.installed() if with_litellm else "left out by --without-litellm"
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        port = stack.enter_context(upstream(folder))
        servers = contestants(folder, stack, with_litellm=missing is None)
        figures, bare = measured(servers, port, rounds, few, lambda one: counts(one, requests))
    failed = {one: found.failed for one, found in figures.items() if found.failed}
    notes = [f"LiteLLM was not measured: {missing}."] if missing else []
    notes += [f"{one}: {count} requests failed." for one, count in failed.items()]
    where = (
        f"Python {platform.python_version()}, {os.cpu_count()} cores, {requests} requests, best of {rounds}; "
        f"load average {os.getloadavg()[0]:.1f}; a direct call takes {bare:.2f} ms."
    )
    ours = {one: figures[one] for one in (OURS, OURS_TLS)}
    tables = (rows(figures, bare), stream_rows(figures), aim_rows(ours, bare, figures.get(LITELLM)))
    return "\n\n".join([" ".join([where, *notes]), *map(table, tables)])


def main() -> int:
    """Measure and write, or soak; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--without-litellm", action="store_true")
    parser.add_argument("--no-page", action="store_true", help="print the tables only")
    parser.add_argument("--soak", action="store_true", help="load with faults, to see whether anything piles up")
    parser.add_argument("--seconds", type=float, default=600.0, help="of the soak")
    chosen = parser.parse_args()
    if chosen.soak:
        return soak.main(chosen.seconds)
    tables = bench(chosen.rounds, chosen.requests, with_litellm=not chosen.without_litellm)
    print(tables)
    if not chosen.no_page:
        write(tables)
    return 0


if __name__ == "__main__":
    sys.exit(main())
