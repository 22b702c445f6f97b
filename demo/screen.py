"""How the demo looks: colours and a moving bar in a terminal, plain lines everywhere else."""

import textwrap
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

WIDTH = 100  # columns; longer lines are hard to read
LABEL = 12  # columns of the labels on the left
TENTHS = 10
PLAIN_PAUSE = 10.0  # seconds between two lines of a bar that knows no share


class Screen:
    """Writes to the terminal, or to whatever stands in its place."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
        self._width = min(self._console.width if self._console.is_terminal else WIDTH, WIDTH)

    def title(self, text: str) -> None:
        """Show what this is."""
        self._print(text, "bold")

    def step(self, text: str) -> None:
        """Show what happens next."""
        self._print("")
        self._print(text, "bold cyan")

    def line(self, text: str, style: str = "") -> None:
        """Show one thing."""
        for part in textwrap.wrap(text, self._width - 2) or [""]:
            self._print(f"  {part}", style)

    def faint(self, text: str) -> None:
        """Show something that few people need."""
        self._print(f"  {text}", "dim")

    def good(self, text: str) -> None:
        """Show that something went as it should."""
        self.line(text, "green")

    def bad(self, text: str) -> None:
        """Show that something did not."""
        self.line(text, "red")

    def labelled(self, label: str, text: str, style: str = "") -> None:
        """Show a text with a label on its left."""
        lines = textwrap.wrap(text, self._width - LABEL - 2) or [""]
        for number, part in enumerate(lines):
            shown = Text(f"  {label if number == 0 else '':<{LABEL}}", style="dim")
            self._console.print(shown.append(part, style=style or "default"))

    def begin(self, label: str) -> None:
        """Begin a line whose text comes bit by bit."""
        self._console.print(Text(f"  {label:<{LABEL}}", style="dim"), end="")

    def bit(self, text: str) -> None:
        """Add to the line that was begun."""
        self._console.print(Text(text), end="")
        self._console.file.flush()

    def end(self) -> None:
        """End the line that was begun."""
        self._print("")

    @contextmanager
    def bar(self, what: str) -> Iterator["Bar"]:
        """Show a bar while the context lasts; without a terminal, a line at each tenth."""
        if not self._console.is_terminal:
            yield PlainBar(self, what)
            return
        what_column, note = TextColumn("{task.description}"), TextColumn("{task.fields[note]}")
        columns = (SpinnerColumn(), what_column, BarColumn(30), note, TimeElapsedColumn())
        with Progress(*columns, console=self._console, transient=True) as progress:
            yield MovingBar(progress, progress.add_task(f" {what}", total=None, note=""))

    def _print(self, text: str, style: str = "") -> None:
        self._console.print(Text(text, style=style or "default"))


class Bar(ABC):
    """How far something is."""

    @abstractmethod
    def show(self, share: float | None, note: str) -> None:
        """Show how much is done, 0 to 1 (None: nobody knows), and a note."""


class MovingBar(Bar):
    """A bar in a terminal."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress, self._task = progress, task

    def show(self, share: float | None, note: str) -> None:
        """Move the bar."""
        if share is None:
            self._progress.update(self._task, note=note)
        else:
            self._progress.update(self._task, total=1.0, completed=share, note=note)


class PlainBar(Bar):
    """Lines in a log, as few as tell the story."""

    def __init__(self, screen: Screen, what: str) -> None:
        self._screen, self._what = screen, what
        self._tenth, self._again = -1, 0.0

    def show(self, share: float | None, note: str) -> None:
        """Write a line when another tenth is done; when nobody knows how much, every few seconds."""
        done = "" if share is None else f" {share:.0%}"
        tenth = self._tenth if share is None else int(share * TENTHS)
        if tenth > self._tenth or (share is None and time.monotonic() >= self._again):
            self._tenth, self._again = tenth, time.monotonic() + PLAIN_PAUSE
            self._screen.faint(f"{self._what}{done}{', ' if note else ''}{note}")
