"""The part of a fine-tune that needs torch: load, measure, train, measure again, save."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch

from trainer.bases import Base
from trainer.errors import UserError
from trainer.evaluate import Scores, exact_match, scores
from trainer.examples import Example
from trainer.loop import Outcome, train
from trainer.model import Loaded, load, merged, prepared, save
from trainer.options import Options
from trainer.profile import method_for, used_for
from trainer.records import Records
from trainer.template import Tokens, tokens_of


@dataclass(frozen=True)
class _Result:
    outcome: Outcome
    base: Scores
    tuned: Scores
    exact_match: float | None


class Session:
    """One fine-tune of one base model."""

    def __init__(self, options: Options, base: Base, records: Records) -> None:
        self._started = time.monotonic()
        torch.set_num_threads(options.threads)
        torch.manual_seed(options.asked.seed)
        self._options, self._base, self._records = options, base, records
        self._loaded = load(base)
        parameters = self._loaded.parameters
        self._used = used_for(options.asked, method_for(options.method, parameters), parameters)

    def run(self, learn: Sequence[Example], held_out: Sequence[Example]) -> dict[str, Any]:
        """Train, save the model and return the summary."""
        tokens, validation = self._tokens(learn), self._tokens(held_out[: self._options.eval_examples])
        self._announce(len(tokens), len(validation))
        base = scores(self._loaded, validation)
        self._records.add(0, 0, **asdict(base))
        training = Loaded(prepared(self._loaded.model, self._used), self._loaded.tokenizer)
        outcome, tuned = self._train(training, tokens, validation)
        final = Loaded(merged(training.model, self._used), training.tokenizer)
        exact = self._exact_match(final, learn, outcome)
        save(final, self._options.output / "model")
        summary = self._summary(_Result(outcome, base, tuned, exact), len(tokens), len(validation))
        print(f"trainer: done, {summary['metrics']}", flush=True)
        return summary

    def _tokens(self, examples: Sequence[Example]) -> list[Tokens]:
        found = [tokens_of(self._loaded.tokenizer, example) for example in examples]
        kept = [
            shorter for shorter in (tokens.first(self._used.max_tokens) for tokens in found) if shorter.learned()
        ]
        if not kept:
            what = f"no example has its answer within {self._used.max_tokens} tokens"
            raise UserError("the dataset", what, "shorten the messages before the answers")
        return kept

    def _train(
        self, training: Loaded, tokens: Sequence[Tokens], validation: Sequence[Tokens]
    ) -> tuple[Outcome, Scores]:
        measured: list[Scores] = []

        def evaluate(step: int, epoch: float) -> None:
            measured.append(scores(training, validation))
            self._records.add(step, epoch, **asdict(measured[-1]))

        outcome = train(training, tokens, self._options.asked, self._used, self._records, evaluate)
        return outcome, measured[-1]

    def _exact_match(self, final: Loaded, learn: Sequence[Example], outcome: Outcome) -> float | None:
        asked = learn[: self._options.exact_match_examples]
        if not asked:
            return None
        share = exact_match(final, asked, self._used.max_tokens)
        self._records.add(outcome.steps, outcome.epochs, exact_match=share)
        return share

    def _announce(self, train_count: int, validation_count: int) -> None:
        used = self._used
        print(
            f"trainer: {self._base} ({self._loaded.parameters / 1e6:.1f} M parameters), {used.method}, "
            f"{train_count} examples to learn, {validation_count} held out; {used.passes} passes, "
            f"batch {used.batch_size}, rate {used.learning_rate:g}. {used.why}",
            flush=True,
        )

    def _summary(self, result: _Result, train_count: int, validation_count: int) -> dict[str, Any]:
        outcome, final = result.outcome, {"train_loss": result.outcome.train_loss} | asdict(result.tuned)
        if result.exact_match is not None:
            final["exact_match"] = result.exact_match
        return {
            "status": "Completed",
            "metrics": final,
            "base_metrics": asdict(result.base),
            "base_model": {
                "asked": self._base.asked,
                "stand_in": self._base.stand_in,
                "parameters": self._loaded.parameters,
            },
            "asked": asdict(self._options.asked),
            "used": asdict(self._used),
            "caps_hit": list(outcome.caps_hit),
            "steps": outcome.steps,
            "epochs": round(outcome.epochs, 4),
            "examples": {"train": train_count, "validation": validation_count},
            "tokens_per_second": round(outcome.tokens / max(outcome.seconds, 1e-9)),
            "seconds": {
                "training": round(outcome.seconds, 2),
                "total": round(time.monotonic() - self._started, 2),
            },
        }
