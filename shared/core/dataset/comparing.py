"""Which examples stand twice, in one file or in both; with hashes only, in bounded memory."""

from __future__ import annotations  # array[int] is a type from Python 3.12 on

from array import array
from collections.abc import Iterator

AT_ONCE = 400_000  # hashes that are held in a set at the same time


def repeated(hashes: array[int], at_once: int = AT_ONCE) -> array[int]:
    """Return the indexes, ascending, of those hashes that stood before."""
    found = array("Q")
    parts = len(hashes) // at_once + 1
    for part in range(parts):
        seen: set[int] = set()
        for index, value in enumerate(hashes):
            if value % parts == part:
                if value in seen:
                    found.append(index)
                seen.add(value)
    return found if parts == 1 else array("Q", sorted(found))


def other_answers(prompts: array[int], rows: array[int], at_once: int = AT_ONCE) -> array[int]:
    """Return the indexes, ascending, of examples whose prompt stood before, but not with this answer."""
    copies = repeated(rows, at_once)
    place, found = 0, array("Q")
    for index in repeated(prompts, at_once):
        while place < len(copies) and copies[place] < index:
            place += 1
        if place == len(copies) or copies[place] != index:
            found.append(index)
    return found


def in_both(hashes: array[int], others: array[int], at_once: int = AT_ONCE) -> Iterator[int]:
    """Yield the indexes, ascending, of those hashes that stand among the others too."""
    common: set[int] = set()
    for start in range(0, len(hashes), at_once):
        some = set(hashes[start : start + at_once])
        common.update(value for value in others if value in some)
    yield from (index for index, value in enumerate(hashes) if value in common)
