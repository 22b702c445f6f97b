"""The measure of languages: which ones there are, and whether answers come in the language of the question."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from shared.core.dataset.findings import LISTED
from shared.core.dataset.language import language_of
from shared.core.dataset.second_pass import File, Found, SeenExample
from shared.core.dataset.tallies import MEASURED, Sample, percent

SAMPLED = 1000  # examples of each file
_READ = 500  # characters
_ANOTHER = 0.05  # share of the second language from which on it is told
_DELIBERATE = 0.5  # where more answers than this change the language, it is meant so: a translator


class _Texts(NamedTuple):
    line: int
    prompt: str
    answer: str


class Languages:
    """Guesses the languages of a sample of the examples."""

    name = "languages"

    def __init__(self) -> None:
        self._samples: dict[File, Sample[_Texts]] = {"training": Sample(SAMPLED), "validation": Sample(SAMPLED)}
        self._answers: dict[File, Counter[str]] = {}

    def see(self, example: SeenExample) -> None:
        """Put some of the examples into the sample."""
        sample = self._samples[example.file]
        place = sample.place()
        if place is not None:
            prompt = example.messages[-2][1] if len(example.messages) > 1 else ""
            sample.put(place, _Texts(example.line, prompt[:_READ], example.messages[-1][1][:_READ]))

    def of_answers(self, file: File) -> Counter[str]:
        """Return how many answers of the sample are in which language; to be asked after the last example."""
        if file not in self._answers:
            languages = (language_of(texts.answer) for texts in self._samples[file].items)
            self._answers[file] = Counter(filter(None, languages))
        return self._answers[file]

    def findings(self) -> Iterator[Found]:
        """Yield a second language, and answers that change it."""
        if self._samples["training"].seen < MEASURED:
            return
        counts = self.of_answers("training")
        known = sum(counts.values())
        for language, count in counts.most_common()[1:2]:
            if count > known * _ANOTHER:
                first = counts.most_common(1)[0][0]
                reason = (
                    f"answers are in {first}, but {percent(count / known)} in {language} (a guess by small words)"
                )
                yield Found("Q01", reason)
        yield from self._changes()

    def _changes(self) -> Iterator[Found]:
        """Yield the answers in another language than the question, unless most are."""
        both = [
            (texts.line, asked, answered)
            for texts in sorted(self._samples["training"].items)
            if (asked := language_of(texts.prompt)) and (answered := language_of(texts.answer))
        ]
        changed = [each for each in both if each[1] != each[2]]
        if not changed or len(changed) > len(both) * _DELIBERATE:
            return
        for line, asked, answered in changed[:LISTED]:
            yield Found("Q01b", f"asked in {asked}, answered in {answered} (a guess by small words)", line)

    def summary(self) -> dict[str, Any]:
        """Return the languages of the answers in the sample."""
        sample = self._samples["training"]
        counts = self.of_answers("training").most_common(10)
        return {
            "answers": [{"language": language, "count": count} for language, count in counts],
            "sampled": len(sample.items),
            "not_told": len(sample.items) - sum(count for _, count in counts),
            "how": "a guess by script and small words",
        }
