"""The automatic split: seeded, the same for the same file, and without leaks from training into validation."""

from __future__ import annotations  # array[int] is a type from Python 3.12 on

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from shared.core.dataset.lines import Lines

PIECE = 256 * 1024  # bytes that are written at once, about
_GOLDEN, _MIX, _64_BITS = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 2**64 - 1


@dataclass(frozen=True)
class Split:
    """Which examples go where: one byte per example, 1 for validation."""

    seed: int
    share: float
    mask: bytes

    @property
    def validation(self) -> int:
        """How many examples are kept for validation."""
        return self.mask.count(1)

    @property
    def training(self) -> int:
        """How many examples are trained on."""
        return len(self.mask) - self.validation


def split(groups: array[int], share: float, seed: int) -> Split:
    """Return the split; examples of one group (those with the same prompt) stay on one side.

    Groups are taken in an order that only seed and group decide, and only those that still fit, so that the
    share is nearly met and at least one example is on each side; with a single group, validation stays empty.
    """
    room = min(max(1, round(share * len(groups))), len(groups) - 1)
    chosen = _first_fitting(groups, room, seed, limit=int(2 * share * 2**64))
    if chosen is None:
        chosen = _first_fitting(groups, room, seed, limit=2**64) or set()
    return Split(seed, share, bytes(group in chosen for group in groups))


def _first_fitting(groups: array[int], room: int, seed: int, limit: int) -> set[int] | None:
    """Return the groups for validation among those that draw less than `limit`, or None when more are needed.

    Groups of no interest are left out before they are counted: of millions, most are.
    """
    sizes = Counter(group for group in groups if _drawn(group, seed) < limit)
    chosen: set[int] = set()
    for group in sorted(sizes, key=lambda group: _drawn(group, seed)):
        if sizes[group] <= room:
            chosen.add(group)
            room -= sizes[group]
        if not room:
            return chosen
    if limit < 2**64:
        return None
    if not chosen and len(sizes) > 1:
        chosen.add(min(sizes, key=lambda group: (sizes[group], _drawn(group, seed))))
    return chosen


def _drawn(group: int, seed: int) -> int:
    """Return the number that this group draws under this seed."""
    number = (group ^ ((seed + 1) * _GOLDEN)) & _64_BITS
    number = ((number ^ (number >> 30)) * _MIX) & _64_BITS
    return number ^ (number >> 27)


def part_of(chunks_of: Callable[[], Iterable[bytes]], chosen: Split | None, side: int) -> Iterator[bytes]:
    """Yield the examples of one side (0 training, 1 validation), or all of them where there is no split.

    They come in their order, in pieces of whole lines: no byte-order mark, LF, no blank lines, else as they were.
    Raises ValueError when the file has not the examples that were split.
    """
    held: list[bytes] = []
    size = count = 0
    for line in Lines(chunks_of()):
        if not line or line.isspace():
            continue
        if chosen is None or chosen.mask[count : count + 1] == bytes([side]):
            held.append(line.removesuffix(b"\r") + b"\n")
            size += len(line)
        count += 1
        if size >= PIECE:
            yield b"".join(held)
            held, size = [], 0
    if chosen is not None and count != len(chosen.mask):
        raise ValueError("the dataset changed since it was split")
    yield b"".join(held)
