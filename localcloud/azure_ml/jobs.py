"""Azure ML's routes for jobs of both kinds."""

import secrets
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from localcloud.azure_ml.checks import check_fine_tuning, check_job_name, required_object
from localcloud.azure_ml.command_checks import check_command
from localcloud.azure_ml.operations import begin, operation_headers
from localcloud.azure_ml.routing import body_of, in_workspace
from localcloud.azure_ml.shapes import job_json
from localcloud.azure_ml.training import TrainingService
from localcloud.azure_ml.workspace import Job, Refused, Workspace
from localcloud.frame import Cloud
from localcloud.identity import token_for

# Which versions know which kind of job.
WRITE = {
    "FineTuning": ("2024-10-01-preview",),
    "Command": ("2025-01-01-preview", "2024-10-01", "2024-10-01-preview"),
}
WRITTEN = tuple({version: None for versions in WRITE.values() for version in versions})
READ = (*WRITTEN, "2024-01-01-preview")
LONGEST_FOLDER = 100  # characters of a job's name in its folder's
STOP = (*WRITTEN, "2023-04-01-preview")
TOKEN_SECONDS = 7 * 24 * 3600.0  # longer than any job runs


class Jobs:
    """The answers about jobs."""

    def __init__(self, cloud: Cloud, workspace: Workspace, training: TrainingService) -> None:
        self._cloud, self._workspace, self._training = cloud, workspace, training

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        return [
            in_workspace("/jobs", "GET", self.listed, READ),
            in_workspace("/jobs/{name}", "GET", self.read, READ),
            in_workspace("/jobs/{name}", "PUT", self.put, WRITTEN),
            in_workspace("/jobs/{name}", "DELETE", self.delete, STOP),
            in_workspace("/jobs/{name}/cancel", "POST", self.cancel, STOP),
        ]

    def _shown(self, job: Job) -> dict[str, object]:
        weather = self._cloud.control.weather
        return job_json(job, job.read(slow=weather.happens(weather.slow_status)))

    async def listed(self, request: Request) -> Response:
        """Return the jobs, newest first, all on one page."""
        archived_too = request.query_params.get("listViewType", "ActiveOnly") == "All"
        jobs = [job for job in self._workspace.jobs.values() if archived_too or not _archived(job)]
        newest_first = sorted(jobs, key=lambda job: job.created, reverse=True)
        return JSONResponse({"value": [self._shown(job) for job in newest_first], "nextLink": None})

    async def read(self, request: Request) -> Response:
        """Return one job."""
        return JSONResponse(self._shown(self._workspace.job(request.path_params["name"])))

    async def put(self, request: Request) -> Response:
        """Accept a job; the same body once more is the same job, another body a conflict (our reading)."""
        name, body = request.path_params["name"], await body_of(request)
        known = self._workspace.jobs.get(name)
        if known is not None:
            if known.body != body:
                raise Refused(409, "Conflict", f"a different job {name!r} exists; a job cannot be changed")
            return JSONResponse(self._shown(known))
        check_job_name(name)
        self._check(body, request.query_params["api-version"])
        # A folder of its own: after a deleted job of the same name, that one's model is still there.
        folder = self._workspace.root / "jobs" / f"{name[:LONGEST_FOLDER]}-{secrets.token_hex(4)}"
        folder.mkdir(parents=True)
        token = token_for(self._cloud.urls["arm"], TOKEN_SECONDS).token
        job = self._workspace.jobs[name] = Job(name, body, folder, token=token)
        self._training.submit(job)
        return JSONResponse(self._shown(job), 201)

    def _check(self, body: dict[str, Any], version: str) -> None:
        properties = required_object(body, "properties")
        kind = properties.get("jobType")
        if version not in WRITE.get(str(kind), ()):
            message = (
                f"jobType {kind!r} at api-version {version}: the local cloud runs FineTuning and Command jobs"
            )
            raise Refused(501, "NotInLocalCloud", message)
        if kind == "Command":
            check_command(self._workspace, properties)
        else:
            check_fine_tuning(properties)

    async def cancel(self, request: Request) -> Response:
        """Ask a job to stop; one that is over already stays as it is."""
        job = self._workspace.job(request.path_params["name"])
        if job.over:
            return Response(status_code=200)
        self._training.cancel(job)
        operation = begin(self._workspace, lambda: "Succeeded" if job.over else "InProgress")
        return Response(status_code=202, headers=operation_headers(self._cloud, operation))

    async def delete(self, request: Request) -> Response:
        """Forget a job that is over."""
        job = self._workspace.jobs.get(request.path_params["name"])
        if job is None:
            return Response(status_code=204)
        if not job.over:
            raise Refused(409, "Conflict", f"job {job.name!r} is {job.status}; cancel it first")
        del self._workspace.jobs[job.name]
        operation = begin(self._workspace, lambda: "Succeeded")
        return Response(status_code=202, headers=operation_headers(self._cloud, operation))


def _archived(job: Job) -> bool:
    return bool(job.body["properties"].get("isArchived"))
