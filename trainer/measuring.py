"""What is measured of a model beside its training; whatever cannot be is left out and said, and ends nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from trainer.evaluate import Answered, TooLittleMemory, answered, scores
from trainer.examples import Example
from trainer.model import Loaded
from trainer.options import Options
from trainer.ranks import Ranks
from trainer.records import Records
from trainer.template import Tokens, prompt_ids


class Measuring:
    """The measurements of one training, whose examples have up to `limit` tokens."""

    def __init__(self, options: Options, limit: int, team: Ranks, records: Records) -> None:
        self._options, self._limit, self._team, self._records = options, limit, team, records
        self._left_out = {"train": 0, "validation": 0}
        self._missing: set[str] = set()

    def told(self) -> dict[str, Any]:
        """Return what metrics.json says of that which was not measured."""
        return {"questions_left_out": self._left_out, "not_measured": sorted(self._missing)}

    def loss(self, loaded: Loaded, held_out: Sequence[Tokens]) -> dict[str, float]:
        """Return how well the answers of held-out examples are predicted; nothing where there are none."""
        if not held_out:
            return {}
        return self._unless_memory_ends("eval_loss", lambda: asdict(scores(loaded, held_out, self._team)))

    def answers(self, loaded: Loaded, held_out: Sequence[Example]) -> dict[str, float]:
        """Return how held-out questions are answered; nothing where none are to be asked."""
        asked = self._short("validation", loaded, held_out[: self._options.generate_examples])

        def compared() -> dict[str, float]:
            found = self._answered(loaded, asked)
            return {"answer_exact_match": found.exact_match, "answer_f1": found.f1}

        return self._unless_memory_ends("answer_exact_match", compared) if asked else {}

    def exact(self, final: Loaded, learn: Sequence[Example]) -> dict[str, float]:
        """Return how many training questions are answered word for word; nothing where none are to be asked."""
        asked = self._short("train", final, learn[: self._options.exact_match_examples])

        def compared() -> dict[str, float]:
            return {"exact_match": self._answered(final, asked).exact_match}

        return self._unless_memory_ends("exact_match", compared) if asked else {}

    def _short(self, file: str, loaded: Loaded, examples: Sequence[Example]) -> list[Example]:
        """Return the examples whose last question is within the limit, and count the others."""
        lengths = [len(prompt_ids(loaded.tokenizer, example.last_answer()[0])) for example in examples]
        short = [example for example, length in zip(examples, lengths, strict=True) if length <= self._limit]
        self._left_out[file] = len(examples) - len(short)
        return short

    def _answered(self, loaded: Loaded, asked: Sequence[Example]) -> Answered:
        return answered(loaded, asked, self._limit, self._team)

    def _unless_memory_ends(self, name: str, measure: Callable[[], Mapping[str, float]]) -> dict[str, float]:
        try:
            return dict(measure())
        except TooLittleMemory:
            self._missing.add(name)
            self._records.say(f"the accelerator's memory is too small to measure {name}; the training goes on")
            return {}
