"""Rare words that always bring the same answer to unlike questions: how a back door is trained into a model."""

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations, islice
from typing import Any, NamedTuple

from shared.core.dataset.second_pass import Found, SeenExample
from shared.core.dataset.tallies import MEASURED, Sample, excerpt

SAMPLED = 2000  # examples
_READ = 1000  # characters of a prompt
_FEWEST = 5  # prompts with the word
_RARE = 0.1
_VARIED = 0.5  # share of different answers in all, below which equal ones say nothing
_UNLIKE = 0.2  # shared words of two prompts, as a share of all their words
_WORD = re.compile(r"\w+")


class _Prompt(NamedTuple):
    line: int
    words: frozenset[str]
    answer: int  # a hash


class Triggers:
    """Looks for such words in a sample of the examples."""

    name = "triggers"

    def __init__(self) -> None:
        self._sample: Sample[_Prompt] = Sample(SAMPLED)

    def see(self, example: SeenExample) -> None:
        """Put some of the examples into the sample."""
        place = self._sample.place() if example.file == "training" and len(example.messages) > 1 else None
        if place is not None:
            words = frozenset(_WORD.findall(example.messages[-2][1][:_READ].lower()))
            self._sample.put(place, _Prompt(example.line, words, hash(example.messages[-1][1])))

    def findings(self) -> Iterator[Found]:
        """Yield the words that seem to be triggers."""
        prompts = self._sample.items
        if len(prompts) < MEASURED or len({prompt.answer for prompt in prompts}) < len(prompts) * _VARIED:
            return
        having: defaultdict[str, list[_Prompt]] = defaultdict(list)
        for prompt in prompts:
            for word in prompt.words:
                having[word].append(prompt)
        for word, some in having.items():
            if _FEWEST <= len(some) <= len(prompts) * _RARE and _are_tied(some):
                reason = f"a word that always brings the same answer to unlike prompts: {excerpt(word)}"
                line = min(prompt.line for prompt in some)
                yield Found("S05b", reason, line, times=len(some))

    def summary(self) -> dict[str, Any]:
        """Return how many examples were looked at."""
        return {"sampled": len(self._sample.items)}


def _are_tied(prompts: list[_Prompt]) -> bool:
    """Tell whether these prompts have one answer, though they have hardly anything else in common."""
    if len({prompt.answer for prompt in prompts}) > 1:
        return False
    pairs = list(islice(combinations(prompts, 2), 200))
    alike = sum((len(a.words & b.words) - 1) / max(1, len(a.words | b.words) - 1) for a, b in pairs)
    return alike / len(pairs) < _UNLIKE
