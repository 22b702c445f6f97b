"""Files on this machine: read in pieces, written whole or not at all."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile

CHUNK = 1 << 20  # bytes read at a time


def chunks(path: Path, size: int = CHUNK) -> Iterator[bytes]:
    """Yield the file's bytes piece by piece, all but the last of this size."""
    with path.open("rb") as file:
        while piece := file.read(size):
            yield piece


def write_whole(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a file that is there when all of it is, replacing one of that name; leaves nothing half-written."""
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        unfinished = Path(file.name)
        try:
            file.writelines(pieces)
            file.close()
            unfinished.chmod(0o666 & ~_umask())
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)


def _umask() -> int:
    """Return the bits that new files of this process do not get; it can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
