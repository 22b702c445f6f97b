"""What azure-ai-ml does not tell of a job: why it failed (run history) and its latest metrics (MLflow).

The SDK reads run history through a private class only, and has no metrics API; azureml-mlflow would add 169 MB.
Both are documented REST resources, so they are read as such.
"""

import logging
import math
from collections.abc import Iterator
from typing import Any

from shared.core.names import run_of_job
from shared.errors import ServiceRefused, ServiceUnavailable
from shared.gateways.arm import Arm

log = logging.getLogger(__name__)


def failure_reason(arm: Arm, job: str) -> str:
    """Return why the job failed, in Azure ML's words; empty where run history will not say."""
    try:
        services = arm.get(arm.workspace["properties"]["discoveryUrl"])
        details = arm.get(f"{services['api'].rstrip('/')}/history/v1.0{arm.workspace_path}/runs/{job}/details")
    except ServiceRefused as refusal:
        log.warning("run %s: job %s: run history: %s", run_of_job(job), job, refusal)
        return ""
    error = ((details.get("error") or {}).get("error")) or {}
    return ": ".join(text for text in (error.get("code"), error.get("message")) if text)


def latest_metrics(arm: Arm, job: str) -> dict[str, float]:
    """Return the latest value of each metric that has a number; none where MLflow does not answer.

    They are only shown to people: nothing in them may end a run.
    """
    try:
        found = arm.get(f"{_tracking_url(arm)}/api/2.0/mlflow/runs/get?run_uuid={job}&run_id={job}")
    except (ServiceRefused, ServiceUnavailable) as error:
        log.info("run %s: job %s: no metrics: %s", run_of_job(job), job, error)
        return {}
    return dict(_numbers_in(found))


def _numbers_in(answer: Any) -> Iterator[tuple[str, float]]:
    """Yield the metrics that are finite numbers: NaN is no JSON, and never equals what was noted before."""
    for part in ("run", "data", "metrics"):
        answer = answer.get(part) if isinstance(answer, dict) else None
    for metric in answer if isinstance(answer, list) else []:
        try:
            name, value = metric["key"], float(metric["value"])
        except (KeyError, TypeError, ValueError, OverflowError):
            continue
        if isinstance(name, str) and math.isfinite(value):
            yield name, value


def _tracking_url(arm: Arm) -> str:
    """Return MLflow's address: the property says azureml and v1.0, its REST interface is https and v2.0."""
    tracking = str(arm.workspace["properties"]["mlFlowTrackingUri"])
    return tracking.replace("azureml://", "https://", 1).replace("/mlflow/v1.0/", "/mlflow/v2.0/", 1)
