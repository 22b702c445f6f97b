"""Azure ML's routes for the deployments of an online endpoint; each starts the server that really answers."""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from localcloud.azure_ml.changes import Changes
from localcloud.azure_ml.conda import build_failure, serving_packages
from localcloud.azure_ml.instances import find_instance
from localcloud.azure_ml.online import OnlineDeployment, OnlineEndpoint, Parts
from localcloud.azure_ml.online_checks import check_deployment
from localcloud.azure_ml.online_serving import OnlineServer, OnlineServerFailed
from localcloud.azure_ml.online_shapes import deployment_json
from localcloud.azure_ml.operations import begin, operation_headers, operation_url
from localcloud.azure_ml.quota import quota_refusal
from localcloud.azure_ml.routing import body_of, in_workspace
from localcloud.azure_ml.storage import JobFailed, download_folder
from localcloud.azure_ml.workspace import Refused, Workspace
from localcloud.frame import Cloud

ServerOf = Callable[[Cloud, Path, str, Path, Mapping[str, str]], OnlineServer]
CONTAINERS = ("InferenceServer", "StorageInitializer")
MOST_LINES = 1000  # of a log in one answer


class NotProvisioned(Exception):
    """A deployment that cannot be, with Azure's code for why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class Deployments:
    """The answers about deployments."""

    def __init__(
        self, cloud: Cloud, workspace: Workspace, changes: Changes, provisioning: float, server: ServerOf
    ) -> None:
        self._cloud, self._workspace, self._changes = cloud, workspace, changes
        self._provisioning, self._server = provisioning, server

    def routes(self, versions: Sequence[str]) -> list[BaseRoute]:
        """Return the routes."""
        one = "/onlineEndpoints/{name}/deployments/{deployment}"
        return [
            in_workspace("/onlineEndpoints/{name}/deployments", "GET", self.listed, versions),
            in_workspace(one, "GET", self.read, versions),
            in_workspace(one, "PUT", self.put, versions),
            in_workspace(one, "DELETE", self.delete, versions),
            in_workspace(one + "/getLogs", "POST", self.logs, versions),
        ]

    def _shown(self, endpoint: OnlineEndpoint, deployment: OnlineDeployment) -> dict[str, object]:
        weather = self._cloud.control.weather
        provisioning = deployment.read(slow=weather.happens(weather.slow_status))
        return deployment_json(endpoint, deployment, provisioning)

    async def listed(self, request: Request) -> Response:
        """Return every deployment of an endpoint."""
        endpoint = self._endpoint(request)
        shown = [self._shown(endpoint, deployment) for deployment in endpoint.deployments.values()]
        return JSONResponse({"value": shown, "nextLink": None})

    async def read(self, request: Request) -> Response:
        """Return one deployment."""
        return JSONResponse(self._shown(self._endpoint(request), self._one(request)))

    async def put(self, request: Request) -> Response:
        """Create a deployment; the same one again is that one, unless it failed, then it is made anew."""
        endpoint, name, body = self._endpoint(request), request.path_params["deployment"], await body_of(request)
        parts = check_deployment(self._workspace, name, body)
        known = endpoint.deployments.get(name)
        if known is not None and known.provisioning != "Failed":
            if known.busy or known.body != body:
                raise Refused(
                    409, "Conflict", f"deployment {name!r} is {known.provisioning}; it cannot change here"
                )
            return JSONResponse(self._shown(endpoint, known))
        if endpoint.provisioning != "Succeeded":
            raise Refused(409, "Conflict", f"endpoint {endpoint.name!r} is {endpoint.provisioning}")
        folder = self._workspace.root / "online" / f"{endpoint.name}-{name}-{secrets.token_hex(4)}"
        deployment = OnlineDeployment(name=name, body=body, parts=parts, folder=folder)
        operation = begin(self._workspace, deployment.progress, lambda: deployment.error)
        deployment.operation = operation_url(self._cloud, operation)
        endpoint.deployments[name] = deployment
        self._changes.start(self._provision(deployment))
        headers = {"Azure-AsyncOperation": deployment.operation}
        return JSONResponse(self._shown(endpoint, deployment), 201 if known is None else 200, headers)

    async def delete(self, request: Request) -> Response:
        """Delete a deployment without traffic; a missing one is deleted already."""
        endpoint = self._endpoint(request)
        deployment = endpoint.deployments.get(request.path_params["deployment"])
        if deployment is None:
            return Response(status_code=204)
        if endpoint.traffic.get(deployment.name):
            raise Refused(409, "Conflict", f"deployment {deployment.name!r} gets traffic; set it to 0 first")
        if deployment.busy:
            raise Refused(409, "Conflict", f"deployment {deployment.name!r} is {deployment.provisioning}")
        deployment.provisioning = "Deleting"
        self._changes.start(self._remove(endpoint, deployment))
        there = endpoint.deployments
        gone = begin(
            self._workspace, lambda: "InProgress" if there.get(deployment.name) is deployment else "Succeeded"
        )
        return Response(status_code=202, headers=operation_headers(self._cloud, gone))

    async def logs(self, request: Request) -> Response:
        """Return the last lines of the server's log."""
        deployment, asked = self._one(request), await body_of(request)
        if asked.get("containerType") not in (None, *CONTAINERS):
            raise Refused(400, "ValidationError", f"containerType: {asked['containerType']!r} is unknown")
        lines = _log_of(deployment) if asked.get("containerType") != CONTAINERS[1] else []
        tail = asked.get("tail") or MOST_LINES
        return JSONResponse({"content": "\n".join(lines[-int(tail) :])})

    async def end(self, deployment: OnlineDeployment) -> None:
        """Stop a deployment's server."""
        if deployment.server is not None:
            await deployment.server.stop()
            deployment.server = None

    def _endpoint(self, request: Request) -> OnlineEndpoint:
        return self._workspace.online_endpoint(request.path_params["name"])

    def _one(self, request: Request) -> OnlineDeployment:
        endpoint, name = self._endpoint(request), request.path_params["deployment"]
        found = endpoint.deployments.get(name)
        if found is None:
            raise Refused(404, "ResourceNotFound", f"endpoint {endpoint.name!r} has no deployment {name!r}")
        return found

    async def _provision(self, deployment: OnlineDeployment) -> None:
        """Start the server with the model; what stands in the way fails the deployment."""
        try:
            if self._workspace.model(*deployment.parts.model).echoes:
                await asyncio.sleep(self._cloud.control.training.seconds)
                deployment.echoes = True
            else:
                began = time.monotonic()
                await self._serve(deployment)
                await asyncio.sleep(max(0.0, self._provisioning - (time.monotonic() - began)))
        except NotProvisioned as failure:
            deployment.error, deployment.provisioning = (failure.code, failure.message), "Failed"
        except Exception as error:
            said = f"the local cloud broke: {type(error).__name__}: {error}"
            deployment.error, deployment.provisioning = ("InternalServerError", said), "Failed"
            raise
        else:
            deployment.provisioning = "Succeeded"

    async def _serve(self, deployment: OnlineDeployment) -> None:
        asked, parts = deployment.body["properties"], deployment.parts
        await self._check(asked["instanceType"], parts)
        code = deployment.folder / "code"
        await self._bring(parts, code)
        model, variables = self._workspace.model(*parts.model), asked.get("environmentVariables") or {}
        deployment.server = server = self._server(self._cloud, code, parts.script, model.folder, variables)
        try:
            await server.start()
        except OnlineServerFailed as error:
            raise NotProvisioned("ResourceNotReady", str(error)) from error

    async def _check(self, size: str, parts: Parts) -> None:
        """Find a machine and build the image, or say why that cannot be."""
        instance = find_instance(size)
        refusal = instance and quota_refusal(self._cloud.control, instance)
        if refusal:
            raise NotProvisioned("OutOfQuota", refusal)
        environment = self._workspace.environment(*parts.environment)
        failure = build_failure(environment, await serving_packages())
        if failure is None and parts.code is None:
            failure = f"environment {environment} brings its own server, and the local cloud cannot run images"
        if failure is not None:
            raise NotProvisioned("ImageBuildFailure", failure)

    async def _bring(self, parts: Parts, folder: Path) -> None:
        if parts.code is None:
            return
        try:
            await asyncio.to_thread(download_folder, self._cloud, self._workspace.code(*parts.code).uri, folder)
        except JobFailed as failure:
            raise NotProvisioned("ResourceNotReady", failure.message) from failure
        if not (folder / parts.script).is_file():
            raise NotProvisioned("ResourceNotFound", f"the code has no {parts.script}")

    async def _remove(self, endpoint: OnlineEndpoint, deployment: OnlineDeployment) -> None:
        await self.end(deployment)
        endpoint.deployments.pop(deployment.name, None)


def _log_of(deployment: OnlineDeployment) -> list[str]:
    server = deployment.server
    if server is None or not server.log.exists():
        return []
    return server.log.read_text("utf-8", "replace").splitlines()
