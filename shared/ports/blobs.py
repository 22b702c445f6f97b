"""The containers: what is dropped, what we write, and what Event Grid could not deliver."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class Dropped:
    """One version of one blob in the container `datasets`."""

    path: str
    etag: str
    url: str
    modified: datetime
    size: int = 0


class Datasets(Protocol):
    """The containers `datasets` (read; reports are laid beside the data) and `reports` (written)."""

    def dropped(self) -> Iterator[Dropped]:
        """Yield every `.jsonl` that is there now, validation and held-out files left out."""
        ...

    def chunks(self, path: str, etag: str | None = None) -> Iterator[bytes]:
        """Yield the blob's bytes piece by piece; raises NotFound, also when its ETag changed (code "Changed")."""
        ...

    def read(self, path: str) -> bytes | None:
        """Return what was written into `reports` at this path, or None."""
        ...

    def find(self, path: str) -> Dropped | None:
        """Return the blob that is at this path now, or None."""
        ...

    def write(self, path: str, pieces: Iterable[bytes], content_type: str) -> None:
        """Write a blob into `reports`, replacing it; nothing half-written is ever visible."""
        ...

    def write_beside(self, dataset: str, suffix: str, content: bytes, content_type: str) -> None:
        """Write a blob into `datasets` beside a dataset: its name with `suffix` (".report.json") for ".jsonl".

        Raises ValueError where the new name would be a dataset's: what we write must never start a run.
        """
        ...


@dataclass(frozen=True)
class DeadLetter:
    """An event that Event Grid gave up delivering, and why; all empty where the blob is no event."""

    name: str
    event_type: str
    subject: str
    reason: str


class DeadLetters(Protocol):
    """The container `deadletters`."""

    def since(self, moment: datetime) -> list[DeadLetter]:
        """Return the letters written after a moment."""
        ...

    def count(self) -> int:
        """Return how many letters there are, a thousand at most."""
        ...

    def remove(self, letter: DeadLetter) -> None:
        """Remove a letter; it may be gone already."""
        ...
