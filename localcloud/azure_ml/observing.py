"""How a job is observed: run history tells why it failed, MLflow tells its metrics while it trains."""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from localcloud.azure_ml.routing import WORKSPACE_PATH, answering
from localcloud.azure_ml.workspace import Job, Refused, Workspace
from localcloud.frame import Cloud

HISTORY = "/history/v1.0" + WORKSPACE_PATH
MLFLOW = "/mlflow/v2.0" + WORKSPACE_PATH + "/api/2.0/mlflow"
NOT_METRICS = ("step", "epoch")
MLFLOW_STATUS = {"Completed": "FINISHED", "Failed": "FAILED", "Canceled": "KILLED", "Running": "RUNNING"}


def observing_routes(cloud: Cloud, workspace: Workspace) -> list[BaseRoute]:
    """Return the routes of discovery, run history and MLflow."""

    async def discovery(_request: Request) -> Response:
        names = ("api", "history", "mlflow", "studio")
        return JSONResponse(dict.fromkeys(names, cloud.urls["arm"]))

    async def details(request: Request) -> Response:
        return JSONResponse(_details(workspace.job(request.path_params["run"])))

    async def run(request: Request) -> Response:
        return JSONResponse({"run": _run(_asked_job(workspace, request))})

    async def metric(request: Request) -> Response:
        key = request.query_params.get("metric_key", "")
        wanted = [m for m in metrics_of(_asked_job(workspace, request)) if m["key"] == key]
        return JSONResponse({"metrics": wanted})

    return [
        Route("/discovery", discovery),
        Route(HISTORY + "/runs/{run}/details", answering(details)),
        Route(MLFLOW + "/runs/get", answering(run)),
        Route(MLFLOW + "/metrics/get-history", answering(metric)),
    ]


def _asked_job(workspace: Workspace, request: Request) -> Job:
    query = request.query_params
    name = query.get("run_id") or query.get("run_uuid") or ""
    if name not in workspace.jobs:
        raise Refused(404, "RESOURCE_DOES_NOT_EXIST", f"there is no run {name!r}")
    return workspace.jobs[name]


def _details(job: Job) -> dict[str, Any]:
    return {
        "runId": job.name,
        "target": "serverless",
        "status": job.status,
        "startTimeUtc": job.started.isoformat() if job.started else None,
        "endTimeUtc": job.ended.isoformat() if job.ended else None,
        "error": {"error": dict(job.error)} if job.error else None,
        "warnings": [{"source": "Job", "message": job.error["message"]}] if job.error else [],
        "properties": {},
        "logFiles": {},
    }


def _run(job: Job) -> dict[str, Any]:
    latest = {metric["key"]: metric for metric in metrics_of(job)}
    hyperparameters = job.body["properties"]["fineTuningDetails"].get("hyperParameters") or {}
    info = {
        "run_id": job.name,
        "run_uuid": job.name,
        "run_name": job.name,
        "status": MLFLOW_STATUS.get(job.status, "SCHEDULED"),
        "start_time": _milliseconds(job),
        "lifecycle_stage": "active",
    }
    parameters = [{"key": name, "value": value} for name, value in hyperparameters.items()]
    return {"info": info, "data": {"metrics": list(latest.values()), "params": parameters, "tags": []}}


def _milliseconds(job: Job) -> int:
    return int((job.started or job.created).timestamp() * 1000)


def metrics_of(job: Job) -> list[dict[str, Any]]:
    """Return every metric that the trainer has written so far, in order."""
    file = job.folder / "output" / "metrics.jsonl"
    if not file.exists():
        return []
    written = int(file.stat().st_mtime * 1000)
    whole_lines = file.read_text("utf-8").rpartition("\n")[0].splitlines()
    return [metric for line in whole_lines for metric in _metrics_in(json.loads(line), written)]


def _metrics_in(line: dict[str, Any], written: int) -> list[dict[str, Any]]:
    return [
        {"key": name, "value": value, "timestamp": written, "step": line.get("step", 0)}
        for name, value in line.items()
        if name not in NOT_METRICS and isinstance(value, int | float)
    ]
