"""A run as people see it: in GET /runs and in the events on the custom topic."""

from collections.abc import Sequence
from typing import Any

from shared.core.run import Moment, Run


def run_view(run: Run, history: Sequence[Moment] | None = None) -> dict[str, Any]:
    """Return the run as JSON; times are ISO 8601 in UTC. Holds no secret and no text of the dataset."""
    view: dict[str, Any] = {
        "object": "run",
        "id": run.id,
        "model": run.model,
        "dataset": run.dataset,
        "state": run.state.value,
        "since": run.since.isoformat(),
        "created": run.created.isoformat(),
        "attempt": run.attempt,
        "reasons": list(run.reasons),
        "base_model": run.checked.base_model,
        "route": run.checked.route if run.checked.base_model else "",  # chosen with the base model, by the check
        "training_examples": run.checked.training_examples,
        "validation_examples": run.checked.validation_examples,
        "tokens": run.checked.tokens,
        "hyperparameters": dict(run.checked.hyperparameters),
        "cost": {
            "trained_tokens": run.checked.trained_tokens,
            "training_cost": run.checked.training_cost,
            "hosting_per_day": run.checked.hosting_per_day,
            "currency": run.checked.currency,
        },
        "job": {"name": run.job, "status": run.job_status, "metrics": dict(run.metrics)},
        "report": f"reports/{run.id}/report.json",
        "report_page": f"reports/{run.id}/report.html",
    }
    if history is not None:
        view["history"] = [
            {"at": entry.at.isoformat(), "state": entry.state, "reasons": list(entry.reasons)} for entry in history
        ]
    return view
