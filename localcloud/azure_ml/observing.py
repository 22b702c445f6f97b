"""How a job is observed beside its status: where the data planes are, and why it failed (run history)."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from localcloud.azure_ml.routing import WORKSPACE_PATH, answering
from localcloud.azure_ml.workspace import Job, Workspace
from localcloud.frame import Cloud

HISTORY = "/history/v1.0" + WORKSPACE_PATH


def observing_routes(cloud: Cloud, workspace: Workspace) -> list[BaseRoute]:
    """Return the routes of discovery and run history."""

    async def discovery(_request: Request) -> Response:
        names = ("api", "history", "mlflow", "studio")
        return JSONResponse(dict.fromkeys(names, cloud.urls["arm"]))

    async def details(request: Request) -> Response:
        return JSONResponse(_details(workspace.job(request.path_params["run"])))

    return [
        Route("/discovery", discovery),
        Route(HISTORY + "/runs/{run}/details", answering(details)),
    ]


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
