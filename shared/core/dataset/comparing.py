"""Which examples stand twice, in one file or in both; with hashes only, in bounded memory."""

from __future__ import annotations  # array[int] is a type from Python 3.12 on

from array import array
from collections.abc import Iterator, Sequence
from itertools import compress, count

AT_ONCE = 200_000  # hashes that are held in a set at the same time


def repeated(hashes: array[int], at_once: int = AT_ONCE) -> array[int]:
    """Return the indexes, ascending, of those hashes that stood before."""
    again = bytearray(len(hashes))  # 1 for those
    for part in _parts(hashes, at_once):
        if len(set(map(hashes.__getitem__, part))) == len(part):
            continue
        seen: set[int] = set()
        for index in part:
            again[index] = hashes[index] in seen
            seen.add(hashes[index])
    return array("Q", compress(count(), again))


def _parts(hashes: array[int], at_once: int) -> Iterator[Sequence[int]]:
    """Yield all indexes in parts of about so many, ascending in each; equal hashes are in the same part."""
    parts = min(len(hashes) // at_once + 1, 256)
    if parts == 1:
        yield range(len(hashes))
        return
    with memoryview(hashes) as view, view.cast("B") as every:
        part_of = every[:: hashes.itemsize].tobytes().translate(bytes(byte % parts for byte in range(256)))
    for part in range(parts):
        places, place = array("Q"), part_of.find(part)
        while place >= 0:
            places.append(place)
            place = part_of.find(part, place + 1)
        yield places


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
