"""A run as the app's API tells it; fields of newer versions are kept in `raw` only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cli.errors import CommandError
from shared.core.lifecycle import is_final
from shared.core.run import State

MEANINGS: Mapping[State, str] = {
    State.RECEIVED: "checking and screening the dataset, splitting off a validation part",
    State.SUBMITTING: "handing the job to Azure ML",
    State.TRAINING: "Azure ML fine-tunes the model",
    State.DEPLOYING: "creating the endpoint",
    State.VERIFYING: "asking the new model through the moderated path",
    State.ABANDONING: "removing what would go on costing money",
    State.CANCELING: "removing what would go on costing money",
    State.DELETING: "removing the endpoint, then the model",
    State.SERVING: "the model answers at the endpoint",
    State.REJECTED: "the dataset is not fit to train on",
    State.FAILED: "nothing more happens by itself",
    State.CANCELED: "nothing of it is left that costs money",
    State.DELETED: "what it made is gone",
}


@dataclass(frozen=True)
class Step:
    """One entry of a run's history: when it entered which state, and why."""

    at: datetime
    state: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class RunView:
    """Where a run stands."""

    id: str
    model: str
    dataset: str
    state: str
    since: datetime
    created: datetime
    reasons: tuple[str, ...]
    attempt: int
    base_model: str
    job_status: str
    metrics: Mapping[str, float]
    history: tuple[Step, ...]  # empty in lists
    raw: Mapping[str, Any]

    @property
    def has_ended(self) -> bool:
        """Whether nothing more happens to it by itself; states of newer apps go on."""
        return self.state in set(State) and is_final(State(self.state))

    @property
    def is_serving(self) -> bool:
        """Whether its model answers at the endpoint."""
        return self.state == State.SERVING

    @property
    def meaning(self) -> str:
        """What the state means, in words; nothing for states of newer apps."""
        return MEANINGS[State(self.state)] if self.state in set(State) else ""


def run_of(raw: Any) -> RunView:
    """Return the run that a JSON object tells of; raises CommandError for anything else."""
    try:
        job = raw["job"]
        return RunView(
            id=raw["id"],
            model=raw["model"],
            dataset=raw["dataset"],
            state=raw["state"],
            since=datetime.fromisoformat(raw["since"]),
            created=datetime.fromisoformat(raw["created"]),
            reasons=tuple(raw["reasons"]),
            attempt=raw.get("attempt", 1),
            base_model=raw["base_model"],
            job_status=job["status"],
            metrics=dict(job["metrics"]),
            history=tuple(map(_step, raw.get("history", ()))),
            raw=raw,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as wrong:
        what = f"{type(wrong).__name__}: {wrong}"
        raise CommandError(f"the answer is no run of TuneDrop ({what}); is TUNEDROP_URL right?") from None


def _step(raw: Mapping[str, Any]) -> Step:
    return Step(datetime.fromisoformat(raw["at"]), raw["state"], tuple(raw["reasons"]))
