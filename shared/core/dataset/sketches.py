"""What an example says in 128 bytes, so that many can be compared: MinHash with one permutation."""

from __future__ import annotations  # array[int] is a type from Python 3.12 on

from array import array
from collections.abc import Iterator, Sequence
from operator import eq
from zlib import crc32

BINS = 64  # values of 16 bits
BAND = 4  # values that are compared at once, as one of 64 bits
FEWEST = 16  # runs of words; of shorter examples only exact copies are found
_AT_HAND, _SHORT = 20_000, 24  # words, characters
_ABOVE_ALL = 2**63  # hashes
MOST_CHARACTERS = 16_000  # of an example that are looked at
NEAR = 0.75  # estimated share of common runs from which on two examples are near copies; of 0.8, 85 % are found


def sketch(messages: Sequence[tuple[str, str]]) -> array[int] | None:
    """Return the sketch of what user and assistant say, the same in every process; None for short examples.

    The share of equal values in two sketches estimates the share of common runs of three words. System messages
    are left out: where all examples have the same long one, all would be near copies.
    """
    words = _words("\n".join([text for role, text in messages if role != "system"]))
    numbers = list(map(_NUMBERS.__getitem__, words))
    runs = set(map(hash, zip(numbers, numbers[1:], numbers[2:], strict=False)))
    if len(runs) < FEWEST:
        return None
    least: dict[int, int] = {}  # by the first 6 bits
    known = least.get
    for run in runs:
        if run < known(run >> 58, _ABOVE_ALL):
            least[run >> 58] = run
    values = [known(first) for first in range(-BINS // 2, BINS // 2)]
    return array("H", _filled(values))


class _Numbers(dict[str, int]):
    """A number for each word, the same in every process; those of some short words are kept at hand."""

    def __missing__(self, word: str) -> int:
        number = crc32(word.encode())
        if len(word) <= _SHORT:
            if len(self) >= _AT_HAND:
                self.clear()
            self[word] = number
        return number


_NUMBERS = _Numbers()


def _words(text: str) -> Sequence[str]:
    """Return the words, or the characters of a script that has no spaces."""
    text = text[:MOST_CHARACTERS].lower()
    words = text.split()
    return words if len(text) < 16 * len(words) else text


def _filled(values: list[int | None]) -> list[int]:
    """Return 16 bits of each value; an empty one borrows from the next one, with the distance mixed in."""
    filled = [0 if value is None else (value >> 20) & 0xFFFF for value in values]
    for place in [place for place, value in enumerate(values) if value is None]:
        distance = 1
        while values[(place + distance) % BINS] is None:
            distance += 1
        filled[place] = (filled[(place + distance) % BINS] + distance * 40_503) & 0xFFFF
    return filled


class Sketches:
    """Sketches of many examples, and which of them are alike."""

    def __init__(self) -> None:
        self._values = array("H")

    def __len__(self) -> int:
        return len(self._values) // BINS

    def add(self, values: array[int]) -> None:
        """Keep one more sketch."""
        self._values.extend(values)

    def likeness(self, one: int, other: int) -> float:
        """Return the estimated share of common runs of words."""
        of_one = self._values[one * BINS : (one + 1) * BINS]
        equal: int = sum(map(eq, of_one, self._values[other * BINS : (other + 1) * BINS]))
        return equal / BINS

    def candidates(self) -> Iterator[tuple[int, int]]:
        """Yield pairs (earlier, later) that share a band of values, each with the first one that has it.

        Two examples with 80 % in common share one of the 16 bands with a probability of 99.9 %.
        """
        if not self._values:
            return  # what is empty cannot be cast
        with memoryview(self._values) as view, view.cast("B").cast("Q") as bands:
            for band in range(BINS // BAND):
                first: dict[int, int] = {}
                for place, value in enumerate(bands[band :: BINS // BAND]):
                    earlier = first.setdefault(value, place)
                    if earlier != place:
                        yield earlier, place
