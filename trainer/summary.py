"""Puts together metrics.json: what the training came to, beside what was asked for."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from trainer.lengths import Cut
from trainer.model import Found
from trainer.options import Options
from trainer.profile import Used
from trainer.state import State

CAPS = ("max_steps", "max_seconds")


@dataclass(frozen=True)
class Result:
    """How the training ended: its last state, why it is the last, and what was measured of the written model."""

    last: State
    why: str
    best_taken: bool
    tuned: Mapping[str, float]
    rows: int


def summary(
    options: Options, used: Used, found: Found, cut: Mapping[str, Cut], result: Result, started: float
) -> dict[str, Any]:
    """Return what metrics.json holds; docs/training.md explains each key. `started` is of the monotonic clock."""
    last = result.last
    return {
        "status": "Completed",
        "base": dict(last.base),
        "tuned": dict(result.tuned),
        "best": _best(result),
        "ended_by": result.why,
        "caps_hit": [result.why] if result.why in CAPS else [],
        "base_model": {
            "asked": found.base.asked,
            "stand_in": found.base.stand_in,
            "parameters": found.parameters,
        },
        "asked": asdict(options.asked),
        "used": asdict(used),
        "steps": last.step,
        "epochs": round(last.epoch, 4),
        "rows": result.rows,
        "cut": {name: asdict(each) for name, each in cut.items()},
        "resumed_at": list(last.resumed_at),
        "tokens": last.tokens,
        "tokens_per_second": round(last.tokens / max(last.seconds, 1e-9)),
        "seconds": {"training": round(last.seconds, 2), "total": round(time.monotonic() - started, 2)},
    }


def _best(result: Result) -> dict[str, Any] | None:
    """Return the measurement with the lowest eval_loss, and whether the written model is the one of that step."""
    best = result.last.best
    if best is None:
        return None
    written = result.best_taken or best.step == result.last.step
    return {"step": best.step, "epoch": round(best.epoch, 4), "eval_loss": best.eval_loss, "written": written}
