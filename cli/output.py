"""How the command line writes tables, times and JSON."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console
from rich.table import Table

AS_WIDE_AS_IT_IS = 10_000  # columns; in a pipe nothing is cut or broken


def console() -> Console:
    """Return the screen; lines are as long as they are, so that they can be searched."""
    screen = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
    if not screen.is_terminal:
        screen.width = AS_WIDE_AS_IT_IS
    return screen


def json_out(value: Any) -> None:
    """Print JSON."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def json_line(value: Any) -> None:
    """Print JSON as one line, at once."""
    print(json.dumps(value, ensure_ascii=False), flush=True)


def table_of(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """Return a table; what others have named may hold no character that steers the terminal."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for place, head in enumerate(heads):
        table.add_column(head, overflow="fold", no_wrap=place == 0)  # what names a row can be copied whole
    for row in rows:
        table.add_row(*map(plain, row))
    return table


def print_table(screen: Console, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table, folded to the terminal's width."""
    screen.print(table_of(heads, rows), soft_wrap=False)


def plain(text: str) -> str:
    """Return the text with a mark in place of each control character."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def day(at: datetime) -> str:
    """Return the day, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d}"


def moment(at: datetime) -> str:
    """Return day and time, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def span(time: timedelta) -> str:
    """Return how long something takes, in its two greatest units."""
    seconds = max(0, int(time.total_seconds()))
    for size, unit, smaller_size, smaller in (
        (86_400, "d", 3_600, "h"),
        (3_600, "h", 60, "min"),
        (60, "min", 1, "s"),
    ):
        if seconds >= size:
            return f"{seconds // size} {unit} {seconds % size // smaller_size} {smaller}"
    return f"{seconds} s"
