"""How far the reading of a large file is, where somebody looks at the screen."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import FileSizeColumn, Progress, SpinnerColumn, TextColumn, TransferSpeedColumn

Shown = Callable[[Iterable[bytes]], Iterator[bytes]]


@contextmanager
def reading(screen: Console | None = None) -> Iterator[Shown]:
    """Give what passes bytes on and shows how many, and how fast they come; shows nothing in a pipe or a log."""
    screen = screen or Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), FileSizeColumn(), TransferSpeedColumn())
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as progress:
        task = progress.add_task("read", total=None)

        def shown(pieces: Iterable[bytes]) -> Iterator[bytes]:
            for piece in pieces:
                yield piece
                progress.advance(task, len(piece))

        yield shown
