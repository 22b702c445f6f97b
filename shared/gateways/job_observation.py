"""What azure-ai-ml does not tell of a job: why it failed (run history) and its latest metrics (MLflow).

The SDK reads run history through a private class only, and has no metrics API; azureml-mlflow would add 169 MB.
Both are documented REST resources, so they are read as such.
"""

import logging
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
    """Return the latest value of each metric; none where MLflow does not answer: they are only shown to people."""
    try:
        found = arm.get(f"{_tracking_url(arm)}/api/2.0/mlflow/runs/get?run_uuid={job}&run_id={job}")
    except (ServiceRefused, ServiceUnavailable) as error:
        log.info("run %s: job %s: no metrics: %s", run_of_job(job), job, error)
        return {}
    metrics: list[dict[str, Any]] = found.get("run", {}).get("data", {}).get("metrics") or []
    return {metric["key"]: float(metric["value"]) for metric in metrics}


def _tracking_url(arm: Arm) -> str:
    """Return MLflow's address: the property says azureml and v1.0, its REST interface is https and v2.0."""
    tracking = str(arm.workspace["properties"]["mlFlowTrackingUri"])
    return tracking.replace("azureml://", "https://", 1).replace("/mlflow/v1.0/", "/mlflow/v2.0/", 1)
