"""How far a training has come: all that is needed besides the weights to go on after a kill."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Best:
    """The measurement with the lowest loss on held-out examples so far, and how many came after it."""

    step: int
    epoch: float
    eval_loss: float
    since: int = 0

    def after(self, step: int, epoch: float, eval_loss: float) -> "Best":
        """Return the best once one more was measured."""
        if eval_loss < self.eval_loss:
            return Best(step, epoch, eval_loss)
        return replace(self, since=self.since + 1)


@dataclass(frozen=True)
class State:
    """Where the training stands after a step."""

    step: int = 0
    epoch: float = 0.0
    tokens: int = 0
    seconds: float = 0.0
    train_loss: float = 0.0
    best: Best | None = None
    base: Mapping[str, float] = field(default_factory=dict)
    resumed_at: tuple[int, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the state as JSON can hold it."""
        return asdict(self)

    @classmethod
    def of_json(cls, record: Mapping[str, Any]) -> "State":
        """Return the state that `as_json` gave; KeyError and TypeError where it is none."""
        best = Best(**record["best"]) if record["best"] is not None else None
        return cls(**{**record, "best": best, "resumed_at": tuple(record["resumed_at"])})
