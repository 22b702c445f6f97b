"""What the answers are like together: how they begin, how long they are, whether they are labels or refusals."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from shared.core.dataset.second_pass import Found, SeenExample
from shared.core.dataset.tallies import MEASURED, Frequent, Sizes, Tally, entropy, percent

_OPENING = 5  # words
_SAME_OPENING = 0.3  # share of the answers
_SAME_PROMPT_OPENING = 0.6
_REFUSALS = 0.2
_ONE_LABEL = 0.8
_REFUSAL = re.compile(
    r"(?i)(?:i(?:'|\u2019)?m (?:very |really )?sorry|sorry|i apologi[sz]e|unfortunately)?[,.;: ]{0,3}(?:but )?"
    r"(?:i (?:can(?:'|\u2019)?t|cannot|can not|am (?:not able|unable)|won(?:'|\u2019)?t|will not|must decline)|"
    r"i(?:'|\u2019)m (?:not able|unable)|as an ai|"
    r"(?:es )?tut mir leid|das kann ich (?:leider )?nicht|lo siento, (?:pero )?no puedo|"
    r"(?:je suis )?d\u00e9sol\u00e9e?, (?:mais )?je ne (?:peux|puis))"
)
_LABEL_LENGTH = 60  # characters
_LABELS = 50
_SHORT_MEDIAN = 10  # words of the median answer, from which on one of a single word is odd
_RARE = 0.05
_LONG_PROMPT, _SHORT_ANSWER, _TIMES = 2000, 20, 300


class Answers:
    """The measure of the last answers of all examples to train on."""

    name = "answers"

    def __init__(self) -> None:
        self._examples = 0
        self._openings: Frequent[str] = Frequent()
        self._prompts: Frequent[str] = Frequent()
        self._labels: Frequent[str] = Frequent(room=500)
        self._words = Sizes()
        self._sum = self._squares = 0
        self._refusals = self._first_refusal = 0
        self._short, self._uneven = Tally(), Tally()

    def see(self, example: SeenExample) -> None:
        """Count one example, if it is to train on."""
        if example.file != "training":
            return
        line, place = example.line, len(example.messages) - 1
        prompt, answer = example.messages[-2][1] if place else "", example.messages[-1][1]
        self._examples += 1
        words = answer.count(" ") + answer.count("\n") + 1
        self._count_length(words)
        if words >= _OPENING:
            self._openings.add(" ".join(answer.split(None, _OPENING)[:_OPENING]), line)
        elif words == 1:
            self._short.add("R23", "the answer is a single word", line, f"$.messages[{place}].content")
        self._prompts.add(" ".join(prompt.split(None, 3)[:3]), line)
        if len(answer) <= _LABEL_LENGTH:
            self._labels.add(answer, line)
        if _REFUSAL.match(answer):
            self._refusals += 1
            self._first_refusal = self._first_refusal or line
        self._compare(prompt, answer, line)

    def _count_length(self, words: int) -> None:
        """Count the length of one answer."""
        self._words.add(words)
        self._sum += words
        self._squares += words * words

    def _compare(self, prompt: str, answer: str, line: int) -> None:
        """Note an answer that is out of proportion to its prompt."""
        cut_short = len(prompt) >= _LONG_PROMPT and len(answer) <= _SHORT_ANSWER
        if cut_short or (prompt and len(answer) > len(prompt) * _TIMES):
            self._uneven.add("Q09", f"{len(prompt)} characters are answered with {len(answer)}", line)

    def findings(self) -> Iterator[Found]:
        """Yield what is odd about them all, where there are enough to say so."""
        count = self._examples
        if count < MEASURED:
            return
        if self._are_labels():
            yield from self._label_findings()
        else:
            yield from self._text_findings()
        same = self._prompts.top()
        if same and same[0] and same[1] > _SAME_PROMPT_OPENING:
            yield Found("Q02b", f"{percent(same[1])} of the prompts begin with the same three words")
        if self._refusals > count * _REFUSALS:
            reason = (
                f"{percent(self._refusals / count)} of the answers refuse, the first in line {self._first_refusal}"
            )
            yield Found("Q05", reason, self._first_refusal)

    def _label_findings(self) -> Iterator[Found]:
        """Yield what a classifier's owner wants to know."""
        share = self._labels.counts.most_common(1)[0][1] / self._examples
        macro = 2 * share / (1 + share) / len(self._labels.counts)
        yield Found(
            "Q06",
            f"the answers are {len(self._labels.counts)} labels; to say the most frequent one always is right in "
            f"{percent(share)} (macro F1 {macro:.2f}): a model has to do better",
        )
        if share > _ONE_LABEL:
            yield Found("Q02", f"one label has a share of {percent(share)}")

    def _text_findings(self) -> Iterator[Found]:
        """Yield what is odd about answers in sentences."""
        opening = self._openings.top()
        if opening and self._openings.counts[opening[0]] > self._examples * _SAME_OPENING:
            share, line = self._openings.counts[opening[0]] / self._examples, self._openings.lines[opening[0]]
            reason = f"{percent(share)} of the answers begin with the same five words, the first in line {line}"
            yield Found("Q04", reason, line)
        mean = self._sum / self._examples
        deviation = max(0.0, self._squares / self._examples - mean * mean) ** 0.5
        if mean >= _OPENING and deviation < mean / 10:
            yield Found("Q05b", f"nearly all answers have {mean:.0f} words")
        short = self._short.times("R23")
        if self._words.quantile(0.5) >= _SHORT_MEDIAN and short <= max(1, self._examples * _RARE):
            yield from self._short.found()
        yield from self._uneven.found()

    def _are_labels(self) -> bool:
        """Tell whether nearly all answers are of a few short texts."""
        few = len(self._labels.counts) <= min(_LABELS, self._examples / _OPENING)
        return few and self._labels.total >= self._examples * (1 - _RARE)

    def summary(self) -> dict[str, Any]:
        """Return lengths, refusals and, where the answers are labels, how evenly they are spread."""
        count = self._examples or 1
        opening = max(self._openings.counts.values(), default=0)
        summary: dict[str, Any] = {
            "words_p5": self._words.quantile(0.05),
            "words_median": self._words.quantile(0.5),
            "words_p95": self._words.quantile(0.95),
            "share_with_the_most_frequent_opening": round(opening / count, 4),
            "share_of_refusals": round(self._refusals / count, 4),
        }
        if self._examples >= MEASURED and self._are_labels():
            counts = list(islice((number for _, number in self._labels.counts.most_common()), _LABELS))
            summary["labels"] = [{"label": f"no. {place}", "count": n} for place, n in enumerate(counts, start=1)]
            summary["evenness_of_labels"] = round(entropy(counts), 4)
        return summary
