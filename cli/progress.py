"""How far a large file is read or uploaded, where somebody looks at the screen."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

Shown = Callable[[Iterable[bytes]], Iterator[bytes]]


@contextmanager
def reading(total: int, screen: Console | None = None) -> Iterator[Shown]:
    """Give what passes bytes on and shows how many of `total`, and how fast; shows nothing in a pipe or a log."""
    with progress("read", total, screen) as advance:

        def shown(pieces: Iterable[bytes]) -> Iterator[bytes]:
            for piece in pieces:
                yield piece
                advance(len(piece))

        yield shown


@contextmanager
def progress(doing: str, total: int, screen: Console | None = None) -> Iterator[Callable[[int], None]]:
    """Give what is told of bytes that are done, and shows them as a bar with MB/s that goes away at the end."""
    screen = screen or Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bar:
        task = bar.add_task(doing, total=total)
        yield lambda done: bar.advance(task, done)
