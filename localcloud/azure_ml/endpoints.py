"""Azure ML's routes for serverless endpoints: created, read, given new keys, deleted."""

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from localcloud.azure_ml.changes import Changes
from localcloud.azure_ml.checks import check_endpoint
from localcloud.azure_ml.operations import begin, operation_headers
from localcloud.azure_ml.routing import body_of, in_workspace
from localcloud.azure_ml.shapes import PREVIEW_ENDPOINTS, endpoint_json
from localcloud.azure_ml.workspace import Endpoint, Refused, Workspace, new_key
from localcloud.frame import Cloud
from localcloud.scoring_worker.client import WorkerError, worker_of

VERSIONS = ("2024-10-01", PREVIEW_ENDPOINTS)
PROVISIONING = 2.0  # seconds that creating takes at least, so that readers see it
DELETING = 0.5  # seconds


class Endpoints:
    """The answers about serverless endpoints."""

    def __init__(self, cloud: Cloud, workspace: Workspace, provisioning: float = PROVISIONING) -> None:
        self._cloud, self._workspace, self._provisioning = cloud, workspace, provisioning
        self._changes = Changes()

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        one = "/serverlessEndpoints/{name}"
        return [
            in_workspace("/serverlessEndpoints", "GET", self.listed, VERSIONS),
            in_workspace(one, "GET", self.read, VERSIONS),
            in_workspace(one, "PUT", self.put, VERSIONS),
            in_workspace(one, "DELETE", self.delete, VERSIONS),
            in_workspace(one + "/listKeys", "POST", self.keys, VERSIONS),
            in_workspace(one + "/regenerateKeys", "POST", self.regenerate, VERSIONS),
        ]

    async def stop(self) -> None:
        """Stop what is under way."""
        await self._changes.stop()

    def _shown(self, request: Request, endpoint: Endpoint) -> dict[str, object]:
        weather = self._cloud.control.weather
        provisioning = endpoint.read(slow=weather.happens(weather.slow_status))
        return endpoint_json(self._cloud, endpoint, provisioning, request.query_params["api-version"])

    async def listed(self, request: Request) -> Response:
        """Return every endpoint."""
        shown = [self._shown(request, endpoint) for endpoint in self._workspace.endpoints.values()]
        return JSONResponse({"value": shown, "nextLink": None})

    async def read(self, request: Request) -> Response:
        """Return one endpoint."""
        return JSONResponse(self._shown(request, self._one(request)))

    async def put(self, request: Request) -> Response:
        """Create an endpoint, or change tags and content safety of the one that is there."""
        name, body = request.path_params["name"], await body_of(request)
        model = self._workspace.model(*check_endpoint(name, body))
        known = self._workspace.endpoints.get(name)
        if known is not None:
            if known.provisioning == "Deleting":
                raise Refused(409, "Conflict", f"endpoint {name!r} is being deleted")
            if known.model is not model:
                raise Refused(
                    409, "Conflict", f"endpoint {name!r} serves {known.model.asset_id}; it cannot change"
                )
            _change(known, request, body)
            return JSONResponse(self._shown(request, known), 200)
        other = self._workspace.deployment_of(model)
        if other is not None:
            message = f"only one deployment is permitted for a custom model; endpoint {other.name!r} has it"
            raise Refused(409, "Conflict", message)
        if model.kind != "mlflow_model":
            message = (
                f"modelSettings.modelId: {model.asset_id} is a {model.kind}: only fine-tuning as a service makes"
            )
            raise Refused(400, "ValidationError", f"{message} models that can be served without machines")
        if model.archived:
            raise Refused(400, "ValidationError", f"modelSettings.modelId: {model.asset_id} is archived")
        endpoint = self._workspace.endpoints[name] = Endpoint(name, model)
        _change(endpoint, request, body)
        self._changes.start(self._provision(endpoint))
        operation = begin(self._workspace, lambda: _progress(endpoint), lambda: _why(endpoint))
        headers = {"Azure-AsyncOperation": operation_headers(self._cloud, operation)["Azure-AsyncOperation"]}
        return JSONResponse(self._shown(request, endpoint), 201, headers)

    async def delete(self, request: Request) -> Response:
        """Delete an endpoint, which takes a moment; a missing one is deleted already."""
        endpoint = self._workspace.endpoints.get(request.path_params["name"])
        if endpoint is None:
            return Response(status_code=204)
        if endpoint.provisioning != "Deleting":
            endpoint.provisioning = "Deleting"
            self._changes.start(self._remove(endpoint))
        there = self._workspace.endpoints
        operation = begin(
            self._workspace, lambda: "InProgress" if there.get(endpoint.name) is endpoint else "Succeeded"
        )
        return Response(status_code=202, headers=operation_headers(self._cloud, operation))

    async def keys(self, request: Request) -> Response:
        """Return both keys of an endpoint that is online."""
        endpoint = self._one(request)
        if endpoint.provisioning != "Succeeded":
            raise Refused(
                409, "Conflict", f"endpoint {endpoint.name!r} is {endpoint.provisioning}: it has no keys yet"
            )
        return JSONResponse({"primaryKey": endpoint.primary_key, "secondaryKey": endpoint.secondary_key})

    async def regenerate(self, request: Request) -> Response:
        """Replace one of the keys and return both."""
        endpoint, asked = self._one(request), (await body_of(request)).get("keyType")
        if asked not in ("Primary", "Secondary"):
            raise Refused(400, "ValidationError", f"keyType: {asked!r}: expected Primary or Secondary")
        if asked == "Primary":
            endpoint.primary_key = new_key()
        else:
            endpoint.secondary_key = new_key()
        return await self.keys(request)

    def _one(self, request: Request) -> Endpoint:
        return self._workspace.endpoint(request.path_params["name"])

    async def _provision(self, endpoint: Endpoint) -> None:
        """Load the checkpoint, so that the first prompt need not wait; a bad one fails the endpoint."""
        try:
            if endpoint.model.echoes:
                await asyncio.sleep(self._cloud.control.training.seconds)
            else:
                loading = worker_of(self._cloud).load(str(endpoint.model.folder))
                await asyncio.gather(loading, asyncio.sleep(self._provisioning))
        except WorkerError as error:
            outcome, endpoint.error = "Failed", str(error)
        else:
            outcome = "Succeeded"
        if endpoint.provisioning == "Creating":
            endpoint.provisioning = outcome

    async def _remove(self, endpoint: Endpoint) -> None:
        await asyncio.sleep(DELETING)
        self._workspace.endpoints.pop(endpoint.name, None)


def _change(endpoint: Endpoint, request: Request, body: dict[str, object]) -> None:
    tags, properties = body.get("tags"), body.get("properties")
    if isinstance(tags, dict):
        endpoint.tags = tags
    if isinstance(properties, dict) and request.query_params["api-version"] != PREVIEW_ENDPOINTS:
        asked = properties.get("contentSafety") or {}
        endpoint.content_safety = asked.get("contentSafetyStatus", endpoint.content_safety)


def _progress(endpoint: Endpoint) -> str:
    names = {"Creating": "InProgress", "Succeeded": "Succeeded"}
    return names.get(endpoint.provisioning, "Failed")


def _why(endpoint: Endpoint) -> tuple[str, str] | None:
    return ("DeploymentFailed", endpoint.error) if endpoint.error else None
