"""The measure of how varied the answers are."""

import re
import zlib
from collections.abc import Iterator
from itertools import islice
from typing import Any

from shared.core.dataset.second_pass import Found, SeenExample
from shared.core.dataset.tallies import MEASURED, Sample

SAMPLED = 1000  # answers
_READ = 2000  # characters of each
_WORDS = 20_000  # shares of distinct words are comparable among equal numbers of words only
_FEWEST_WORDS = 1000
_COMPRESSED = 256 * 1024  # bytes
_LOW_PAIRS = 0.1
_HIGH_RATIO = 8
_WORD = re.compile(r"\w+")


class Diversity:
    """Counts distinct words and pairs of words in a sample of answers, and compresses it."""

    name = "diversity"

    def __init__(self) -> None:
        self._sample: Sample[str] = Sample(SAMPLED)
        self._measured: dict[str, Any] | None = None

    def see(self, example: SeenExample) -> None:
        """Put some of the answers into the sample."""
        if example.file != "training":
            return
        place = self._sample.place()
        if place is not None:
            self._sample.put(place, example.messages[-1][1][:_READ])

    def findings(self) -> Iterator[Found]:
        """Yield a finding where the answers repeat each other."""
        measured = self.summary()
        if self._sample.seen < MEASURED or measured["words"] < _FEWEST_WORDS:
            return
        if measured["distinct_2"] < _LOW_PAIRS or measured["compression_ratio"] > _HIGH_RATIO:
            yield Found(
                "Q03",
                f"{measured['distinct_2']:.0%} of the pairs of words are distinct, and the answers compress to "
                f"1/{measured['compression_ratio']:.0f}: they repeat each other",
            )

    def summary(self) -> dict[str, Any]:
        """Return the shares of distinct words, pairs and triples, and the compression ratio."""
        if self._measured is None:
            words = list(
                islice((word for text in self._sample.items for word in _WORD.findall(text.lower())), _WORDS)
            )
            body = "\n".join(self._sample.items).encode()[:_COMPRESSED]
            self._measured = {
                "words": len(words),
                **{f"distinct_{size}": _distinct(words, size) for size in (1, 2, 3)},
                "compression_ratio": round(len(body) / len(zlib.compress(body)), 2) if body else 0.0,
            }
        return self._measured


def _distinct(words: list[str], size: int) -> float:
    """Return the share of distinct ones among all sequences of so many words."""
    sequences = list(zip(*(words[start:] for start in range(size)), strict=False))
    return round(len(set(sequences)) / len(sequences), 4) if sequences else 0.0
