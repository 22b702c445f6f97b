"""Trains: step after step until the passes are done, a cap is hit, or the model gets no better."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import torch

from trainer.batches import Row, shuffled
from trainer.checkpoints import Checkpoints
from trainer.model import Loaded, trained
from trainer.profile import Asked, Used
from trainer.ranks import Ranks
from trainer.records import Records
from trainer.state import Best, State
from trainer.step import Stepper


@dataclass(frozen=True)
class Plan:
    """How many steps there are, and when to measure and to write a checkpoint."""

    per_pass: int
    passes: int
    eval_steps: int
    save_steps: int | None
    save_seconds: float
    asked: Asked

    @property
    def steps(self) -> int:
        """Return the steps that the training has unless time or patience ends it."""
        whole = self.per_pass * self.passes
        return min(whole, self.asked.max_steps or whole)

    def share(self, state: State) -> float:
        """Return how much of the training is done; with max_seconds the clock counts where it is ahead."""
        by_clock = state.seconds / self.asked.max_seconds if self.asked.max_seconds else 0.0
        return min(max(state.step / self.steps, by_clock), 1.0)

    def end(self, state: State) -> str | None:
        """Return why no further step is made, if so."""
        asked = self.asked
        if state.step >= self.per_pass * self.passes:
            return "done"
        if asked.max_steps is not None and state.step >= asked.max_steps:
            return "max_steps"
        if asked.max_seconds is not None and state.seconds >= asked.max_seconds:
            return "max_seconds"
        if asked.early_stopping_patience and state.best and state.best.since >= asked.early_stopping_patience:
            return "early_stopping"
        return None


def plan_for(rows: Sequence[Row], used: Used, asked: Asked, team: Ranks, save: tuple[int | None, float]) -> Plan:
    """Return the plan for so many rows; `save` says after how many steps or seconds to write a checkpoint."""
    per_pass = math.ceil(len(rows) / step_size(used, team))
    return Plan(per_pass, used.passes, asked.eval_steps or per_pass, save[0], save[1], asked)


def step_size(used: Used, team: Ranks) -> int:
    """Return the rows of one step, over all processes."""
    return used.batch_size * used.gradient_accumulation_steps * team.count


class Training:
    """One training of one model in place; `evaluate` returns what it measures, eval_loss among it, or nothing."""

    def __init__(
        self,
        loaded: Loaded,
        used: Used,
        plan: Plan,
        team: Ranks,
        records: Records,
        checkpoints: Checkpoints,
        evaluate: Callable[[], Mapping[str, float]],
    ) -> None:
        self._loaded, self._used, self._plan, self._team = loaded, used, plan, team
        self._records, self._checkpoints, self._evaluate = records, checkpoints, evaluate
        self._stepper = Stepper(loaded, used, team, plan.asked.seed)
        self._saved_at: float | None = None  # seconds of training

    def run(self, rows: Sequence[Row], state: State) -> tuple[State, str]:
        """Train from the state on; return the last state and why it is the last."""
        if state.step:
            self._restore(state)
        began = time.monotonic() - state.seconds
        why = self._plan.end(state)
        for number, batch in self._steps_after(rows, state.step):
            if why:
                break
            state = self._step(number, batch, state, began)
            why = self._plan.end(state)
            if why or number % self._plan.eval_steps == 0:
                state = self._measured(state)
                why = self._plan.end(state)
            self._keep(state, why)
        return state, why or "done"

    def take_best(self, state: State) -> bool:
        """Give the model its best weights back where early stopping was asked for; return whether it did."""
        best = state.best
        if not self._plan.asked.early_stopping_patience or best is None or best.step == state.step:
            return False
        self._team.wait()  # the first process may still be writing
        self._load_weights(best.step)
        return True

    def _steps_after(self, rows: Sequence[Row], done: int) -> Iterator[tuple[int, list[Row]]]:
        """Yield each step's number and rows; which they are depends on the seed and the number alone."""
        plan, size = self._plan, step_size(self._used, self._team)
        for number in range(done // plan.per_pass, plan.passes):
            batches = shuffled(rows, size, seed=plan.asked.seed * 100_003 + number)
            for at, batch in enumerate(batches, start=number * plan.per_pass + 1):
                if at > done:
                    yield at, batch

    def _step(self, number: int, rows: Sequence[Row], before: State, began: float) -> State:
        rate = self._used.learning_rate * rate_share(
            self._plan.share(before), self._used.warmup_ratio, 1 / self._plan.steps
        )
        started = time.monotonic()
        stepped = self._stepper.step(number, rows, rate, began)
        tokens = sum(len(row) for row in rows)
        now = replace(
            before,
            step=number,
            epoch=number / self._plan.per_pass,
            tokens=before.tokens + tokens,
            seconds=stepped.seconds,
            train_loss=stepped.loss,
        )
        self._records.add(
            now.step,
            now.epoch,
            train_loss=stepped.loss,
            grad_norm=stepped.grad_norm,
            learning_rate=rate,
            tokens_per_second=round(tokens / max(time.monotonic() - started, 1e-9)),
            progress=self._plan.share(now),
        )
        return now

    def _measured(self, state: State) -> State:
        found = self._evaluate()
        if not found:
            return state
        self._records.add(state.step, state.epoch, **found)
        self._records.flush()
        loss = found["eval_loss"]
        best = (
            state.best.after(state.step, state.epoch, loss) if state.best else Best(state.step, state.epoch, loss)
        )
        return replace(state, best=best)

    def _keep(self, state: State, why: str | None) -> None:
        """Write a checkpoint when it is time, when the model is better than ever, at a long training's end."""
        if self._team.rank != 0 or not (self._is_time(state) or self._is_best(state) or (why and self._saved_at)):
            return
        self._records.flush()  # a checkpoint speaks of lines that are written
        optimizer = self._stepper.optimizer.state_dict()
        self._checkpoints.save(state, trained(self._loaded.model), optimizer)
        self._saved_at = state.seconds
        self._records.say(f"checkpoint at step {state.step} of {self._plan.steps}")

    def _is_time(self, state: State) -> bool:
        if self._plan.save_steps:
            return state.step % self._plan.save_steps == 0
        return state.seconds - (self._saved_at or 0.0) >= self._plan.save_seconds

    def _is_best(self, state: State) -> bool:
        patience, best = self._plan.asked.early_stopping_patience, state.best
        return bool(patience and best and best.step == state.step)

    def _restore(self, state: State) -> None:
        self._load_weights(state.step)
        self._stepper.optimizer.load_state_dict(self._checkpoints.optimizer(state.step))
        self._saved_at = state.seconds

    def _load_weights(self, step: int) -> None:
        found, weights = self._checkpoints.weights(step), trained(self._loaded.model)
        with torch.no_grad():
            for name, weight in weights.items():
                weight.copy_(found[name])


def rate_share(done: float, warmup: float, first: float) -> float:
    """Return the share of the full rate: up in a line while warming up, then down along a cosine."""
    if done < warmup:
        return max(done, first) / max(warmup, first)
    return 0.5 * (1 + math.cos(math.pi * (done - warmup) / (1 - warmup)))
