"""The part of a fine-tune that needs torch: load, measure, train, measure again, save."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from trainer.bases import Base
from trainer.batches import Row, alone, packed
from trainer.checkpoints import Checkpoints
from trainer.errors import UserError
from trainer.examples import Example
from trainer.lengths import Cut, fitted
from trainer.loop import Training, plan_for
from trainer.measuring import Measuring
from trainer.model import Loaded, load, look, merged, prepared
from trainer.options import Options
from trainer.profile import method_for, profile_for, used_for
from trainer.ranks import ranks
from trainer.records import Records
from trainer.state import State
from trainer.summary import Result, summary
from trainer.template import Tokens, tokens_of
from trainer.writing import save

WIDEST_PACKED = 8192  # tokens; what keeps packed examples apart takes the square of it in bytes


@dataclass(frozen=True)
class _Examples:
    learn: list[Tokens]
    held_out: list[Tokens]
    cut: Mapping[str, Cut]


class Session:
    """One fine-tune of one base model, in one of the processes that train it together."""

    def __init__(self, options: Options, base: Base, records: Records, checkpoints: Checkpoints) -> None:
        self._started = time.monotonic()
        self._team = ranks()
        torch.set_num_threads(options.threads)
        self._options, self._records, self._checkpoints = options, records, checkpoints
        self._found = look(base)
        profile = profile_for(options.profile, self._found.parameters)
        self._used = used_for(options.asked, method_for(options.method, profile), profile)
        self._loaded = load(self._found, self._used.method, self._team.device)
        self._limit = min(self._used.max_seq_length, self._found.positions)
        self._measuring = Measuring(options, self._limit, self._team, records)

    def run(self, learn: Sequence[Example], held_out: Sequence[Example], state: State) -> dict[str, Any]:
        """Train from the state on, save the model and return the summary."""
        try:
            return self._run(learn, held_out, state)
        except torch.OutOfMemoryError as error:
            fix = "use a smaller per_device_train_batch_size or max_seq_length"
            raise UserError("training", "the accelerator's memory is too small", fix) from error

    def close(self) -> None:
        """Take leave of the other processes."""
        self._team.leave()

    def _run(self, learn: Sequence[Example], held_out: Sequence[Example], state: State) -> dict[str, Any]:
        examples = self._examples(learn, held_out)
        rows = self._rows(examples.learn)
        self._announce(examples, rows)
        if not state.base:
            state = replace(state, base=self._base(examples, held_out))
        torch.manual_seed(self._options.asked.seed)  # where LoRA begins
        training = replace(self._loaded, model=prepared(self._loaded.model, self._used))
        loop = self._loop(training, rows, examples)
        last, why = loop.run(rows, state)
        best_taken = loop.take_best(last)
        final = replace(training, model=merged(training.model, self._used))
        if self._team.rank == 0:
            save(
                final, self._options.model_folder
            )  # first: what was paid for is there, whatever comes of measuring
        tuned = self._tuned(final, examples, learn, held_out, last, why)
        result = Result(last, why, best_taken, tuned, len(rows))
        told = summary(self._options, self._used, self._found, examples.cut, result, self._started)
        told["examples"] = {"train": len(examples.learn), "validation": len(examples.held_out)}
        told |= self._measuring.told()
        self._records.say(f"done, {told['tuned']}")
        return told

    def _base(self, examples: _Examples, held_out: Sequence[Example]) -> dict[str, float]:
        """Return what is measured of the base model."""
        base = self._measuring.loss(self._loaded, examples.held_out)
        if base:
            self._records.add(0, 0, **base)
        self._records.flush()
        return base | self._measuring.answers(self._loaded, held_out)

    def _tuned(
        self,
        final: Loaded,
        examples: _Examples,
        learn: Sequence[Example],
        held_out: Sequence[Example],
        last: State,
        why: str,
    ) -> dict[str, float]:
        """Return what is measured of the model that was written."""
        tuned = self._measuring.loss(final, examples.held_out)
        more = self._measuring.answers(final, held_out) | self._measuring.exact(final, learn)
        self._last_words(last, why, more)
        return {"train_loss": last.train_loss} | tuned | more

    def _examples(self, learn: Sequence[Example], held_out: Sequence[Example]) -> _Examples:
        found, cut = {}, {}
        for name, some in (("train", learn), ("validation", held_out[: self._options.eval_examples])):
            tokens = [tokens_of(self._loaded.tokenizer, example) for example in some]
            found[name], cut[name] = fitted(tokens, self._limit)
            if cut[name].examples_cut:
                self._records.say(f"{name}: {cut[name]}")
        self._check(found["train"], found["validation"])
        return _Examples(found["train"], found["validation"], cut)

    def _check(self, learn: Sequence[Tokens], held_out: Sequence[Tokens]) -> None:
        """Raise UserError where nothing can be learned, and say so where nothing can be measured."""
        within = f"has its answer within {self._limit} tokens"
        if not learn:
            raise UserError("the dataset", f"no example {within}", "shorten the messages before the answers")
        if not held_out:
            off = "; early stopping is off" if self._options.asked.early_stopping_patience else ""
            self._records.say(f"no held-out example {within}: the training goes on without eval_loss{off}")

    def _rows(self, tokens: Sequence[Tokens]) -> list[Row]:
        """Return the rows to train on; packed ones are as long as asked, else as the longest example."""
        if not self._options.asked.packing:
            return alone(tokens)
        longest = max(map(len, tokens))
        asked = min(self._options.asked.max_seq_length or longest, self._found.positions, WIDEST_PACKED)
        return packed(tokens, max(asked, longest))

    def _loop(self, training: Loaded, rows: Sequence[Row], examples: _Examples) -> Training:
        options = self._options
        saving = (options.save_steps, options.save_seconds or self._used.save_seconds)
        plan = plan_for(rows, self._used, options.asked, self._team, saving)

        def evaluate() -> dict[str, float]:
            return self._measuring.loss(training, examples.held_out)

        return Training(training, self._used, plan, self._team, self._records, self._checkpoints, evaluate)

    def _last_words(self, last: State, why: str, more: Mapping[str, float]) -> None:
        if why in ("max_steps", "max_seconds"):
            self._records.add(last.step, last.epoch, cap_hit=why)
        if self._options.asked.early_stopping_patience and last.best:
            self._records.add(last.step, last.epoch, best_step=last.best.step, best_eval_loss=last.best.eval_loss)
        if more:
            self._records.add(last.step, last.epoch, **more)

    def _announce(self, examples: _Examples, rows: Sequence[Row]) -> None:
        used, asked = self._used, self._options.asked
        packing = f" in {len(rows)} packed rows" if asked.packing else ""
        together = f", {self._team.count} processes" if self._team.count > 1 else ""
        self._records.say(
            f"{self._found.base} ({self._found.parameters / 1e6:.1f} M parameters), {used.method}, "
            f"{len(examples.learn)} examples to learn{packing}, {len(examples.held_out)} held out; "
            f"{used.passes} passes, batch {used.batch_size}{together}, rate {used.learning_rate:g}. {used.why}"
        )
