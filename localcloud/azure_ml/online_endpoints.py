"""Azure ML's routes for managed online endpoints: created, given traffic, read, given new keys, deleted."""

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from localcloud.azure_ml.changes import Changes
from localcloud.azure_ml.online import OnlineEndpoint, new_online_key
from localcloud.azure_ml.online_checks import check_online_endpoint
from localcloud.azure_ml.online_deployments import Deployments, ServerOf
from localcloud.azure_ml.online_serving import OnlineServer
from localcloud.azure_ml.online_shapes import online_endpoint_json
from localcloud.azure_ml.operations import begin, operation_headers, operation_url
from localcloud.azure_ml.routing import body_of, in_workspace
from localcloud.azure_ml.workspace import Refused, Workspace
from localcloud.frame import Cloud

VERSIONS = ("2024-10-01", "2022-02-01-preview", "2023-04-01-preview", "2025-01-01-preview")
QUICK = 0.25  # of what creating takes: changing traffic, deleting


class OnlineEndpoints:
    """The answers about online endpoints."""

    def __init__(
        self, cloud: Cloud, workspace: Workspace, provisioning: float, server: ServerOf = OnlineServer
    ) -> None:
        self._cloud, self._workspace, self._provisioning = cloud, workspace, provisioning
        self._changes = Changes()
        self._deployments = Deployments(cloud, workspace, self._changes, provisioning, server)

    def routes(self) -> list[BaseRoute]:
        """Return the routes, those of deployments too."""
        one = "/onlineEndpoints/{name}"
        return [
            in_workspace("/onlineEndpoints", "GET", self.listed, VERSIONS),
            in_workspace(one, "GET", self.read, VERSIONS),
            in_workspace(one, "PUT", self.put, VERSIONS),
            in_workspace(one, "DELETE", self.delete, VERSIONS),
            in_workspace(one + "/listKeys", "POST", self.keys, VERSIONS),
            in_workspace(one + "/regenerateKeys", "POST", self.regenerate, VERSIONS),
            in_workspace(one + "/token", "POST", self.token, VERSIONS),
            *self._deployments.routes(VERSIONS),
        ]

    async def stop(self) -> None:
        """Stop what is under way, and every server."""
        await self._changes.stop()
        for endpoint in self._workspace.online.values():
            for deployment in endpoint.deployments.values():
                await self._deployments.end(deployment)

    def _shown(self, endpoint: OnlineEndpoint) -> dict[str, object]:
        weather = self._cloud.control.weather
        provisioning = endpoint.read(slow=weather.happens(weather.slow_status))
        return online_endpoint_json(self._cloud, endpoint, provisioning)

    async def listed(self, _request: Request) -> Response:
        """Return every endpoint."""
        return JSONResponse(
            {"value": [self._shown(one) for one in self._workspace.online.values()], "nextLink": None}
        )

    async def read(self, request: Request) -> Response:
        """Return one endpoint."""
        return JSONResponse(self._shown(self._one(request)))

    async def put(self, request: Request) -> Response:
        """Create an endpoint, or change the traffic and tags of the one that is there."""
        name, body = request.path_params["name"], await body_of(request)
        known = self._workspace.online.get(name)
        traffic = check_online_endpoint(name, body, known)
        if known is not None and known.busy:
            raise Refused(409, "Conflict", f"endpoint {name!r} is {known.provisioning}")
        endpoint = known or OnlineEndpoint(name=name)
        endpoint.provisioning = "Creating" if known is None else "Updating"
        endpoint.body = body
        operation = begin(self._workspace, endpoint.progress, lambda: endpoint.error)
        endpoint.operation = operation_url(self._cloud, operation)
        self._workspace.online[name] = endpoint
        self._changes.start(self._settle(endpoint, traffic, self._provisioning * (1 if known is None else QUICK)))
        headers = {"Azure-AsyncOperation": endpoint.operation}
        return JSONResponse(self._shown(endpoint), 201 if known is None else 200, headers)

    async def delete(self, request: Request) -> Response:
        """Delete an endpoint with its deployments, which takes a moment; a missing one is deleted already."""
        endpoint = self._workspace.online.get(request.path_params["name"])
        if endpoint is None:
            return Response(status_code=204)
        if endpoint.provisioning != "Deleting":
            if endpoint.busy or any(deployment.busy for deployment in endpoint.deployments.values()):
                raise Refused(
                    409, "Conflict", f"something is under way at endpoint {endpoint.name!r}; try again later"
                )
            endpoint.provisioning = "Deleting"
            self._changes.start(self._remove(endpoint))
        there = self._workspace.online
        gone = begin(
            self._workspace, lambda: "InProgress" if there.get(endpoint.name) is endpoint else "Succeeded"
        )
        return Response(status_code=202, headers=operation_headers(self._cloud, gone))

    async def keys(self, request: Request) -> Response:
        """Return both keys of an endpoint that is there."""
        endpoint = self._one(request)
        if endpoint.provisioning in ("Creating", "Failed", "Deleting"):
            message = f"endpoint {endpoint.name!r} is {endpoint.provisioning}: it has no keys"
            raise Refused(409, "Conflict", message)
        return JSONResponse({"primaryKey": endpoint.primary_key, "secondaryKey": endpoint.secondary_key})

    async def regenerate(self, request: Request) -> Response:
        """Replace one of the keys, by the given one unless it is a present one, which the SDK sends along."""
        endpoint, asked = self._one(request), await body_of(request)
        if asked.get("keyType") not in ("Primary", "Secondary"):
            raise Refused(
                400, "ValidationError", f"keyType: {asked.get('keyType')!r}: expected Primary or Secondary"
            )
        given = asked.get("keyValue")
        key = new_online_key() if given in (None, endpoint.primary_key, endpoint.secondary_key) else str(given)
        if asked["keyType"] == "Primary":
            endpoint.primary_key = key
        else:
            endpoint.secondary_key = key
        return Response(status_code=200)

    async def token(self, request: Request) -> Response:
        """Refuse: a token goes with another authentication mode than keys."""
        endpoint = self._one(request)
        raise Refused(400, "ValidationError", f"endpoint {endpoint.name!r} has authMode Key: it gives no tokens")

    def _one(self, request: Request) -> OnlineEndpoint:
        return self._workspace.online_endpoint(request.path_params["name"])

    async def _settle(self, endpoint: OnlineEndpoint, traffic: dict[str, int], seconds: float) -> None:
        await asyncio.sleep(seconds)
        endpoint.traffic, endpoint.provisioning = traffic, "Succeeded"

    async def _remove(self, endpoint: OnlineEndpoint) -> None:
        for deployment in list(endpoint.deployments.values()):
            await self._deployments.end(deployment)
        await asyncio.sleep(self._provisioning * QUICK)
        self._workspace.online.pop(endpoint.name, None)
