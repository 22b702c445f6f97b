"""What a command line says when it cannot do what it was asked: what is wrong, where, and what to do."""

from collections.abc import Iterator
from contextlib import contextmanager

from cli.program import PROGRAM
from shared.errors import TuneDropError


class CommandError(TuneDropError):
    """The command cannot be done; the message is all that the person sees, and the exit code is 2."""


@contextmanager
def azure_packages(command: str) -> Iterator[None]:
    """Explain what is missing where only the light packages for `check` and `repair` are installed."""
    try:
        yield
    except ModuleNotFoundError as missing:
        if not (missing.name or "").startswith("azure"):
            raise
        raise CommandError(
            f"`{PROGRAM} {command}` talks to Azure and needs the package {missing.name}. "
            "Install TuneDrop with its extra: pipx install '<folder of TuneDrop>[azure]'"
        ) from None
