"""The automatic split: seeded, the same for the same file, and without leaks from training into validation."""

from __future__ import annotations  # array[int] is a type from Python 3.12 on

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from shared.core.dataset.lines import Lines

PIECE = 256 * 1024  # bytes that are written at once, about
AT_ONCE = 16 * 1024  # examples that are ordered at once
_GOLDEN, _MIX, _64_BITS = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 2**64 - 1


@dataclass(frozen=True)
class Split:
    """Which examples go where: one byte per example, 1 for validation."""

    seed: int
    share: float
    mask: bytes
    by: str = "prompt"  # what stays on one side together

    @property
    def validation(self) -> int:
        """How many examples are kept for validation."""
        return self.mask.count(1)

    @property
    def training(self) -> int:
        """How many examples are trained on."""
        return len(self.mask) - self.validation


def split(groups: array[int], share: float, seed: int, strata: bytes = b"", at_once: int = AT_ONCE) -> Split:
    """Return the split; examples of one group (those with the same prompt, say) stay on one side.

    Groups are taken in an order that only seed and group decide, and only those that still fit, so that the
    share is nearly met and at least one example is on each side; with a single group, validation stays empty.
    `strata` has a number for each example: as far as groups allow, the share is met among those with the same.
    """
    strata = strata or bytes(len(groups))
    room = min(max(1, round(share * len(groups))), len(groups) - 1)
    for limit in (int(2 * share * 2**64), 2**64):  # of millions of groups, most need not be looked at
        parts = _parts(groups, seed, limit, at_once)
        mask, room_left = _first_fitting(groups, strata, room, seed, parts)
        if not room_left:
            break
    if not any(mask) and len(sizes := Counter(groups)) > 1:  # all are larger than the room, so there are few
        least = min(sizes, key=lambda group: (sizes[group], _drawn(group, seed)))
        mask = bytearray(group == least for group in groups)
    return Split(seed, share, bytes(mask))


def _parts(groups: array[int], seed: int, limit: int, at_once: int) -> list[array[int]]:
    """Return the examples whose groups draw less than `limit`, in order of parts of about `at_once` examples."""
    count = 1 + len(groups) // at_once
    parts = [array("I") for _ in range(count)]
    for example, group in enumerate(groups):
        drawn = _drawn(group, seed)
        if drawn < limit:
            parts[drawn * count >> 64].append(example)
    return parts


def _first_fitting(
    groups: array[int], strata: bytes, room: int, seed: int, parts: list[array[int]]
) -> tuple[bytearray, int]:
    """Return which examples are for validation, and for how many more there was room; groups come part by part."""
    mask, rooms = bytearray(len(groups)), _rooms(Counter(strata), room)
    for by_stratum in (True, False):  # what the strata leave over is for all
        for part in parts:
            sizes, stratum_of = Counter[int](), dict[int, int]()
            for example in part:
                if not mask[example]:
                    group = groups[example]
                    sizes[group] += 1
                    stratum_of[group] = max(strata[example], stratum_of.get(group, 0))
            chosen: set[int] = set()
            for group in sorted(sizes, key=lambda group: _drawn(group, seed)):
                stratum = stratum_of[group]
                if sizes[group] <= (min(room, rooms[stratum]) if by_stratum else room):
                    chosen.add(group)
                    room -= sizes[group]
                    rooms[stratum] -= sizes[group]
            for example in part:
                mask[example] |= groups[example] in chosen
            if not room:
                return mask, 0
    return mask, room


def _rooms(sizes: Counter[int], room: int) -> dict[int, int]:
    """Return the room of each stratum: its share of all of it, rounded so that nothing is left over."""
    total, rooms, passed = sizes.total(), dict[int, int](), 0
    for stratum in sorted(sizes):
        passed += sizes[stratum]
        rooms[stratum] = round(room * passed / total) - sum(rooms.values())
    return rooms


def strata_of(lengths: array[int], count: int = 5) -> bytes:
    """Return for each example in which of so many equally large parts it is when all are ordered by length."""
    by_length = Counter(lengths)
    stratum_of, passed = dict[int, int](), 0
    for length in sorted(by_length):
        stratum_of[length] = count * passed // len(lengths)
        passed += by_length[length]
    return bytes(map(stratum_of.__getitem__, lengths))


def split_apart(
    prompts: array[int], pairs: Iterable[tuple[int, int]], share: float, seed: int, strata: bytes
) -> Split:
    """Return the split that keeps the examples of each pair together too, if half of the share is met so.

    Where all examples follow one long template, they are one group; then only equal prompts stay together.
    """
    groups = joined(prompts, pairs)
    strict = split(groups, share, seed, strata)
    if groups is prompts or 2 * strict.validation >= share * len(prompts):
        return replace(strict, by="prompt, near copies")
    return split(prompts, share, seed, strata)


def joined(groups: array[int], pairs: Iterable[tuple[int, int]]) -> array[int]:
    """Return the groups anew, with those of each pair of examples made one: it takes its least number."""
    leader: dict[int, int] = {}

    def leader_of(group: int) -> int:
        while (above := leader.get(group, group)) != group:
            leader[group] = group = leader.get(above, above)
        return group

    for one, other in pairs:
        first, second = sorted((leader_of(groups[one]), leader_of(groups[other])))
        leader[second] = first
    return array("Q", map(leader_of, groups)) if leader else groups


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
