"""One step down the gradient: its rows count as one batch, however they are dealt out to batches and processes."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from trainer.batches import Row, in_order
from trainer.errors import UserError
from trainer.model import Loaded, trained
from trainer.profile import Used
from trainer.ranks import Ranks
from trainer.template import IGNORED


@dataclass(frozen=True)
class Stepped:
    """What a step told: the mean loss of its learned tokens, the gradient's norm, the first process's clock."""

    loss: float
    grad_norm: float
    seconds: float


class Stepper:
    """Makes the steps of one training; `optimizer` is what a checkpoint must hold besides the weights."""

    def __init__(self, loaded: Loaded, used: Used, team: Ranks, seed: int) -> None:
        self._loaded, self._used, self._team, self._seed = loaded, used, team, seed
        self._shared = team.share(loaded.model)
        self.optimizer = _optimizer(loaded.model, used)

    def step(self, number: int, rows: Sequence[Row], rate: float, began: float) -> Stepped:
        """Make step `number` of a training that began then; what comes back is the same in all processes."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        # Chance depends on the step alone, so that a training that goes on after a kill has the same.
        torch.manual_seed((self._seed * 1_000_003 + number) * 1009 + self._team.rank)
        self._loaded.model.train()
        share = self._backward(rows)
        loss, seconds = self._team.total([share, time.monotonic() - began if self._team.rank == 0 else 0.0])
        if not math.isfinite(loss):
            what = f"the loss is no longer a number at step {number}"
            raise UserError("training", what, "use a smaller learning_rate_multiplier")
        weights = trained(self._loaded.model).values()
        grad_norm = float(torch.nn.utils.clip_grad_norm_(weights, self._used.max_grad_norm))
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return Stepped(loss, grad_norm, seconds)

    def _backward(self, rows: Sequence[Row]) -> float:
        """Leave the step's gradient in the weights, and return this process's share of the loss."""
        learned = max(sum(row.learned() for row in rows), 1)
        mine = rows[self._team.rank :: self._team.count]
        batches = in_order(mine or rows[:1], self._used.batch_size)
        told = 0.0
        for batch in batches[:-1]:
            with self._team.apart(self._shared):
                told += self._one_backward(batch, learned)
        told += self._one_backward(batches[-1], learned, scale=1.0 if mine else 0.0)
        return told

    def _one_backward(self, batch: Sequence[Row], learned: int, scale: float = 1.0) -> float:
        to_lower, plain = self._losses(batch)
        # Gradients are averaged over the processes, so each counts for all of them.
        torch.autograd.backward(to_lower * (scale * self._team.count / learned))
        return float(plain.detach()) * scale / learned

    def _losses(self, rows: Sequence[Row]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the loss to go down on, and the plain one to tell, each summed over the learned tokens."""
        batch = self._loaded.batch(rows)
        logits = self._loaded.logits(batch.inputs, through=self._shared)
        flat, wanted = logits.float().flatten(0, 1), batch.labels[:, 1:].flatten()
        plain = _cross_entropy(flat, wanted, 0.0)
        smoothing = self._used.label_smoothing
        return (_cross_entropy(flat, wanted, smoothing) if smoothing else plain), plain


def _cross_entropy(logits: torch.Tensor, wanted: torch.Tensor, smoothing: float) -> torch.Tensor:
    return torch.nn.functional.cross_entropy(
        logits, wanted, ignore_index=IGNORED, reduction="sum", label_smoothing=smoothing
    )


def _optimizer(model: Any, used: Used) -> torch.optim.AdamW:
    weights = list(trained(model).values())
    groups = [
        {"params": [weight for weight in weights if weight.dim() > 1], "weight_decay": used.weight_decay},
        {"params": [weight for weight in weights if weight.dim() <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        [group for group in groups if group["params"]], lr=used.learning_rate, betas=used.betas
    )
