"""The measure of whether a validation file is like the dataset that it is to judge."""

from collections.abc import Iterator
from typing import Any

from shared.core.dataset.languages import Languages
from shared.core.dataset.second_pass import File, Found, SeenExample
from shared.core.dataset.tallies import Frequent, Sizes, distance

FEWEST = 50  # examples of each file, below which distances are chance
FAR = 0.35  # Jensen-Shannon distance: about twice what chance gives for 50 examples
_LABEL = 60  # characters of an answer that may be a label


class Likeness:
    """Compares lengths, languages and labels of training and validation."""

    name = "validation_beside_training"

    def __init__(self, languages: Languages) -> None:
        self._languages = languages
        self._tokens: dict[File, Sizes] = {"training": Sizes(), "validation": Sizes()}
        self._labels: dict[File, Frequent[str]] = {"training": Frequent(200), "validation": Frequent(200)}

    def see(self, example: SeenExample) -> None:
        """Count one example on its side."""
        self._tokens[example.file].add(example.tokens)
        answer = example.messages[-1][1]
        self._labels[example.file].add(answer if len(answer) <= _LABEL else "")

    def findings(self) -> Iterator[Found]:
        """Yield what differs."""
        if min(sizes.total for sizes in self._tokens.values()) < FEWEST:
            return
        for what, far in self._distances().items():
            if far > FAR:
                reason = f"the {what} differ from the dataset's (Jensen-Shannon distance {far:.2f})"
                yield Found("Q07", reason, file="validation")

    def _distances(self) -> dict[str, float]:
        """Return how far the two files are from each other."""
        training, validation = self._tokens["training"].doublings(), self._tokens["validation"].doublings()
        far = {
            "lengths": distance(training, validation),
            "languages": distance(
                self._languages.of_answers("training"), self._languages.of_answers("validation")
            ),
        }
        if len(self._labels["training"].counts) <= min(FEWEST, self._labels["training"].total / 5):
            far["labels"] = distance(self._labels["training"].counts, self._labels["validation"].counts)
        return far

    def summary(self) -> dict[str, Any]:
        """Return the distances; nothing where there is no validation file."""
        if not self._tokens["validation"].total:
            return {}
        return {f"distance_of_{what}": round(far, 4) for what, far in self._distances().items()}
