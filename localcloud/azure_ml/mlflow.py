"""MLflow's REST API as far as jobs are watched: a command job logs its metrics, anybody reads them."""

import json
import re
import secrets
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from localcloud.azure_ml.routing import WORKSPACE_PATH, answering, body_of
from localcloud.azure_ml.workspace import Job, Refused, Workspace

MLFLOW = "/mlflow/v2.0" + WORKSPACE_PATH + "/api/2.0/mlflow"
NOT_METRICS = ("step", "epoch")
STATUS = {"Completed": "FINISHED", "Failed": "FAILED", "Canceled": "KILLED", "Running": "RUNNING"}
MOST = {"metrics": 1000, "params": 100, "tags": 100}  # in one batch, as MLflow documents it
OPTION = re.compile(r"--([A-Za-z][\w-]*)[ =]+(?![-$])(\S+)")


def mlflow_routes(workspace: Workspace) -> list[BaseRoute]:
    """Return the routes."""

    async def run(request: Request) -> Response:
        return JSONResponse({"run": _run(_asked_job(workspace, request.query_params))})

    async def history(request: Request) -> Response:
        key = request.query_params.get("metric_key", "")
        wanted = [m for m in metrics_of(_asked_job(workspace, request.query_params)) if m["key"] == key]
        return JSONResponse({"metrics": wanted})

    async def batch(request: Request) -> Response:
        body = await body_of(request)
        job = _own_job(workspace, request, body)
        job.logged.extend(_metric(entry) for entry in _entries(body, "metrics"))
        job.parameters.update(_pair(entry) for entry in _entries(body, "params"))
        _entries(body, "tags")
        return JSONResponse({})

    async def metric(request: Request) -> Response:
        body = await body_of(request)
        _own_job(workspace, request, body).logged.append(_metric(body))
        return JSONResponse({})

    return [
        Route(MLFLOW + "/runs/get", answering(run)),
        Route(MLFLOW + "/metrics/get-history", answering(history)),
        Route(MLFLOW + "/runs/log-batch", answering(batch), methods=["POST"]),
        Route(MLFLOW + "/runs/log-metric", answering(metric), methods=["POST"]),
    ]


def _asked_job(workspace: Workspace, given: Mapping[str, Any]) -> Job:
    name = given.get("run_id") or given.get("run_uuid") or ""
    if name not in workspace.jobs:
        raise Refused(404, "RESOURCE_DOES_NOT_EXIST", f"there is no run {name!r}")
    return workspace.jobs[name]


def _own_job(workspace: Workspace, request: Request, body: Mapping[str, Any]) -> Job:
    """Return the job that logs: only itself may, with the token that it was given."""
    job = _asked_job(workspace, body)
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    if not job.token or not secrets.compare_digest(token, job.token):
        raise Refused(403, "PERMISSION_DENIED", f"this is not the token that job {job.name!r} was given")
    return job


def _entries(body: Mapping[str, Any], field: str) -> list[dict[str, Any]]:
    entries = body.get(field) or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise _bad(f"{field} is not an array of objects")
    if len(entries) > MOST[field]:
        raise _bad(f"{len(entries)} {field} in one batch; at most {MOST[field]}")
    return entries


def _metric(entry: Mapping[str, Any]) -> dict[str, Any]:
    key, value, moment, step = (entry.get(name) for name in ("key", "value", "timestamp", "step"))
    if not isinstance(key, str) or not key:
        raise _bad("a metric has no key")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _bad(f"metric {key!r} has no number as its value")
    if not isinstance(moment, int) or not isinstance(step or 0, int):
        raise _bad(f"metric {key!r}: timestamp is needed, in milliseconds, and step is a whole number")
    return {"key": key, "value": value, "timestamp": moment, "step": step or 0}


def _pair(entry: Mapping[str, Any]) -> tuple[str, str]:
    key, value = entry.get("key"), entry.get("value")
    if not isinstance(key, str) or not isinstance(value, str):
        raise _bad("a parameter has no key or no value")
    return key, value


def _bad(what: str) -> Refused:
    return Refused(400, "INVALID_PARAMETER_VALUE", what)


def _run(job: Job) -> dict[str, Any]:
    latest = {metric["key"]: metric for metric in metrics_of(job)}
    info = {
        "run_id": job.name,
        "run_uuid": job.name,
        "run_name": job.name,
        "status": STATUS.get(job.status, "SCHEDULED"),
        "start_time": int((job.started or job.created).timestamp() * 1000),
        "lifecycle_stage": "active",
    }
    parameters = [{"key": name, "value": value} for name, value in _parameters(job).items()]
    return {"info": info, "data": {"metrics": list(latest.values()), "params": parameters, "tags": []}}


def _parameters(job: Job) -> dict[str, str]:
    """Return what a job was asked to train with: a command's options are told where it logs none itself."""
    if job.kind == "FineTuning":
        return dict(job.properties["fineTuningDetails"].get("hyperParameters") or {})
    return job.parameters or dict(OPTION.findall(job.properties["command"]))


def metrics_of(job: Job) -> list[dict[str, Any]]:
    """Return every metric so far, in order: what a command logged, or what our trainer wrote as the service."""
    if job.kind == "Command":
        return job.logged
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
