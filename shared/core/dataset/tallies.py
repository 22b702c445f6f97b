"""Counts what measures see, in memory that does not grow with the dataset."""

import hashlib
import math
import random
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from shared.core.dataset.findings import LISTED
from shared.core.dataset.second_pass import File, Found

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
MEASURED = 50  # examples from which on shares and distributions say something


class Tally:
    """Collects findings of lines: lists the first of each code and file, counts all."""

    def __init__(self) -> None:
        self._listed: dict[tuple[str, File], list[Found]] = {}
        self.counts: Counter[tuple[str, File]] = Counter()

    def add(self, code: str, message: str, line: int, path: str = "$.messages", file: File = "training") -> None:
        """Take one finding."""
        self.counts[code, file] += 1
        listed = self._listed.setdefault((code, file), [])
        if len(listed) < LISTED:
            listed.append(Found(code, message, line, path, file))

    def found(self) -> Iterator[Found]:
        """Yield the listed findings; the first of each code stands for those that are not listed, too."""
        for key, listed in self._listed.items():
            further = self.counts[key] - len(listed)
            yield listed[0]._replace(times=1 + further)
            yield from listed[1:]

    def times(self, code: str) -> int:
        """Return how often a code was found, in both files."""
        return sum(count for (counted, _), count in self.counts.items() if counted == code)


class Frequent(Generic[K]):
    """Counts the frequent among any number of different things; the rare ones are forgotten when it is full."""

    def __init__(self, room: int = 2000) -> None:
        self._room = room
        self.counts: Counter[K] = Counter()
        self.lines: dict[K, int] = {}  # where each was seen first
        self.total = 0
        self.full = False  # whether something was forgotten: then counts are lower bounds

    def add(self, thing: K, line: int = 0) -> None:
        """Count one."""
        self.total += 1
        self.counts[thing] += 1
        self.lines.setdefault(thing, line)
        if len(self.counts) > 2 * self._room:
            self.counts = Counter(dict(self.counts.most_common(self._room)))
            self.lines = {kept: self.lines[kept] for kept in self.counts}
            self.full = True

    def top(self) -> tuple[K, float] | None:
        """Return the most frequent thing and its share of all, or None when nothing was seen."""
        if not self.total:
            return None
        thing, count = self.counts.most_common(1)[0]
        return thing, count / self.total


class Sizes:
    """The distribution of sizes in a few hundred numbers: quantiles are right to 4 %."""

    _STEPS = 18  # for each doubling

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()
        self.total = 0

    def add(self, size: int) -> None:
        """Count one size, from 0 on."""
        self.total += 1
        self._counts[round(math.log2(size + 1) * self._STEPS)] += 1

    def quantile(self, share: float) -> int:
        """Return the size below or at which so great a share is; 0 when nothing was seen."""
        left = share * self.total
        for step in sorted(self._counts):
            left -= self._counts[step]
            if left <= 0:
                return round(2 ** (step / self._STEPS)) - 1
        return 0

    def doublings(self) -> dict[int, int]:
        """Return how many sizes there are for each doubling."""
        counts: Counter[int] = Counter()
        for step, count in self._counts.items():
            counts[step // self._STEPS] += count
        return dict(sorted(counts.items()))


class Sample(Generic[T]):
    """A seeded sample of so many things, each with the same chance however many come."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._random = random.Random(0)  # noqa: S311  # equal files give equal reports
        self.seen = 0
        self.items: list[T] = []

    def place(self) -> int | None:
        """Return where the next thing is to be put, or None when it is not of the sample."""
        self.seen += 1
        if self.seen <= self._size:
            return self.seen - 1
        place = int(self._random.random() * self.seen)
        return place if place < self._size else None

    def put(self, place: int, thing: T) -> None:
        """Put a thing where `place` said."""
        if place == len(self.items):
            self.items.append(thing)
        else:
            self.items[place] = thing


def excerpt(value: str) -> str:
    """Return the first two characters, the length and a short hash: enough to find it, too little to use it.

    Sixteen bits tell equal values apart from others on the page, yet are too few to try a phone number out.
    """
    digest = hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:4]
    return f"{ascii(value[:2])[1:-1]}… ({len(value)} characters, hash {digest})"


def percent(share: float) -> str:
    """Return a share as a whole percentage that says neither all nor nothing where it is neither."""
    return f"{min(99, max(1, round(share * 100)))} %" if 0 < share < 1 else f"{share:.0%}".replace("%", " %")


def entropy(counts: Iterable[int]) -> float:
    """Return how evenly things are spread: 0 when all are the same, 1 when all are equally frequent."""
    numbers = [count for count in counts if count]
    total = sum(numbers)
    if len(numbers) < 2:
        return 0.0
    return -sum(n / total * math.log2(n / total) for n in numbers) / math.log2(len(numbers))


def distance(some: Mapping[Any, int], others: Mapping[Any, int]) -> float:
    """Return the Jensen-Shannon distance of two distributions: 0 when they are equal, 1 when nothing is shared."""
    sums = sum(some.values()), sum(others.values())
    if not all(sums):
        return 0.0
    divergence = 0.0
    for key in some.keys() | others.keys():
        p, q = some.get(key, 0) / sums[0], others.get(key, 0) / sums[1]
        divergence += sum(x / 2 * math.log2(2 * x / (p + q)) for x in (p, q) if x)
    return math.sqrt(max(0.0, divergence))
