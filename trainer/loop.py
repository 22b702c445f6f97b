"""Trains: batches in, steps down the gradient, until the passes are done or a cap is hit."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from trainer.batches import shuffled, tensors
from trainer.errors import UserError
from trainer.model import Loaded
from trainer.profile import Asked, Used
from trainer.records import Records
from trainer.template import IGNORED, Tokens


@dataclass(frozen=True)
class Outcome:
    """What the training came to."""

    steps: int
    epochs: float
    train_loss: float
    tokens: int
    seconds: float
    caps_hit: tuple[str, ...]


@dataclass
class _Progress:
    """Where the training stands."""

    planned: int
    per_pass: int
    started: float
    step: int = 0
    tokens: int = 0
    train_loss: float = 0.0

    @property
    def epoch(self) -> float:
        return self.step / self.per_pass

    def seconds(self) -> float:
        return time.monotonic() - self.started

    def cap_hit(self, asked: Asked) -> str | None:
        if asked.max_steps is not None and self.step >= asked.max_steps:
            return "max_steps"
        if asked.max_seconds is not None and self.seconds() >= asked.max_seconds:
            return "max_seconds"
        return None

    def share(self, asked: Asked) -> float:
        """Return how much of the training is done; with max_seconds the clock counts where it is ahead."""
        by_clock = self.seconds() / asked.max_seconds if asked.max_seconds else 0.0
        return min(max(self.step / self.planned, by_clock), 1.0)


def train(
    loaded: Loaded,
    examples: Sequence[Tokens],
    asked: Asked,
    used: Used,
    records: Records,
    evaluate: Callable[[int, float], None],
) -> Outcome:
    """Train the model in place, calling `evaluate` with step and epoch after each pass."""
    per_pass = math.ceil(len(examples) / used.batch_size)
    planned = min(per_pass * used.passes, asked.max_steps or per_pass * used.passes)
    now = _Progress(planned, per_pass, started=time.monotonic())
    optimizer = _optimizer(loaded.model, used)
    cap = None
    for number in range(used.passes):
        for batch in shuffled(examples, used.batch_size, seed=asked.seed * 100_003 + number):
            _step(loaded, batch, optimizer, asked, used, now, records)
            cap = now.cap_hit(asked) if now.step < per_pass * used.passes else None
            if cap:
                break
        evaluate(now.step, now.epoch)
        if cap:
            records.add(now.step, now.epoch, cap_hit=cap)
            break
    return Outcome(now.step, now.epoch, now.train_loss, now.tokens, now.seconds(), (cap,) if cap else ())


def _optimizer(model: Any, used: Used) -> torch.optim.AdamW:
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    groups = [
        {"params": [weight for weight in weights if weight.dim() > 1], "weight_decay": used.weight_decay},
        {"params": [weight for weight in weights if weight.dim() <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        [group for group in groups if group["params"]], lr=used.learning_rate, betas=used.betas
    )


def _step(
    loaded: Loaded,
    batch: Sequence[Tokens],
    optimizer: torch.optim.AdamW,
    asked: Asked,
    used: Used,
    now: _Progress,
    records: Records,
) -> None:
    started = time.monotonic()
    rate = used.learning_rate * rate_share(now.share(asked), used.warmup_share, 1 / now.planned)
    for group in optimizer.param_groups:
        group["lr"] = rate
    loaded.model.train()
    to_lower, loss = _losses(loaded, batch, used.label_smoothing)
    if not math.isfinite(loss):
        what = f"the loss is no longer a number at step {now.step + 1}"
        raise UserError("training", what, "use a smaller learning_rate_multiplier")
    torch.autograd.backward(to_lower)
    torch.nn.utils.clip_grad_norm_(loaded.model.parameters(), used.max_grad_norm)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    tokens = sum(len(row.ids) for row in batch)
    now.step += 1
    now.tokens += tokens
    now.train_loss = loss
    speed = tokens / max(time.monotonic() - started, 1e-9)
    records.add(
        now.step,
        now.epoch,
        train_loss=now.train_loss,
        learning_rate=rate,
        tokens_per_second=round(speed),
        progress=now.share(asked),
    )


def _losses(loaded: Loaded, batch: Sequence[Tokens], smoothing: float) -> tuple[torch.Tensor, float]:
    """Return the loss to go down on, and the plain one to tell."""
    ids, labels = tensors(batch, loaded.pad, loaded.model.device)
    logits = loaded.model(input_ids=ids, use_cache=False).logits[:, :-1]
    flat, wanted = logits.float().flatten(0, 1), labels[:, 1:].flatten()
    plain = torch.nn.functional.cross_entropy(flat, wanted, ignore_index=IGNORED)
    if smoothing == 0:
        return plain, float(plain.detach())
    smooth = torch.nn.functional.cross_entropy(flat, wanted, ignore_index=IGNORED, label_smoothing=smoothing)
    return smooth, float(plain.detach())


def rate_share(done: float, warmup: float, first: float) -> float:
    """Return the share of the full rate: up in a line while warming up, then down along a cosine."""
    if done < warmup:
        return max(done, first) / max(warmup, first)
    return 0.5 * (1 + math.cos(math.pi * (done - warmup) / (1 - warmup)))
