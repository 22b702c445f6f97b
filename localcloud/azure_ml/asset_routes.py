"""Azure ML's routes for code, environments and computes, as far as jobs and deployments need them."""

import re
from typing import Any

import yaml
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from localcloud.azure_ml.assets import CLUSTER, Code, Environment
from localcloud.azure_ml.checks import invalid, required_object
from localcloud.azure_ml.routing import body_of, in_workspace
from localcloud.azure_ml.shapes import compute_json, resource
from localcloud.azure_ml.storage import JobFailed, blob_of
from localcloud.azure_ml.workspace import Refused, Workspace
from localcloud.frame import Cloud

VERSIONS = ("2023-04-01", "2023-04-01-preview", "2024-10-01", "2025-01-01-preview", "2023-08-01-preview")
ASSET_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-._]{0,254}")


class Assets:
    """The answers about code, environments and computes."""

    def __init__(self, cloud: Cloud, workspace: Workspace) -> None:
        self._cloud, self._workspace = cloud, workspace

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        code, environment = "/codes/{name}/versions/{version}", "/environments/{name}/versions/{version}"
        return [
            in_workspace(code, "GET", self.read_code, VERSIONS),
            in_workspace(code, "PUT", self.put_code, VERSIONS),
            in_workspace(environment, "GET", self.read_environment, VERSIONS),
            in_workspace(environment, "PUT", self.put_environment, VERSIONS),
            in_workspace("/environments/{name}/versions", "GET", self.environments, VERSIONS),
            in_workspace("/computes/{name}", "GET", self.compute, VERSIONS),
        ]

    async def read_code(self, request: Request) -> Response:
        """Return one version of a code asset."""
        return JSONResponse(_shown("codes", self._workspace.code(*_key(request))))

    async def put_code(self, request: Request) -> Response:
        """Register a folder of blobs as code; a version never changes."""
        properties = await _properties(request)
        uri = properties.get("codeUri")
        if not isinstance(uri, str) or not uri:
            raise invalid("properties.codeUri", "is required")
        try:
            blob_of(self._cloud, uri)
        except JobFailed as failure:
            raise invalid("properties.codeUri", failure.message) from failure
        key = _key(request)
        known = self._workspace.codes.get(key)
        if known is not None and known.uri != uri:
            raise _taken("code", key)
        code = self._workspace.codes.setdefault(key, Code(*key, uri, properties))
        return JSONResponse(_shown("codes", code), 201 if known is None else 200)

    async def read_environment(self, request: Request) -> Response:
        """Return one version of an environment."""
        return JSONResponse(_shown("environments", self._workspace.environment(*_key(request))))

    async def put_environment(self, request: Request) -> Response:
        """Register an environment; whether it can be built shows when a job or a deployment needs it."""
        properties, key = await _properties(request), _key(request)
        _check_environment(properties)
        known = self._workspace.environments.get(key)
        if known is not None and known.body != properties:
            raise _taken("environment", key)
        environment = self._workspace.environments.setdefault(key, Environment(*key, properties))
        return JSONResponse(_shown("environments", environment), 201 if known is None else 200)

    async def environments(self, request: Request) -> Response:
        """Return an environment's versions, newest first, at most $top of them."""
        name, top = request.path_params["name"], request.query_params.get("$top", "")
        found = [one for one in self._workspace.environments.values() if one.name == name]
        newest_first = sorted(found, key=lambda one: one.created, reverse=True)
        kept = newest_first[: int(top)] if top.isdigit() else newest_first
        return JSONResponse({"value": [_shown("environments", one) for one in kept], "nextLink": None})

    async def compute(self, request: Request) -> Response:
        """Return the one cluster that there is."""
        if request.path_params["name"] != CLUSTER:
            raise Refused(404, "ResourceNotFound", f"there is no compute {request.path_params['name']!r}")
        return JSONResponse(compute_json())


def _key(request: Request) -> tuple[str, str]:
    name, version = request.path_params["name"], request.path_params["version"]
    if not ASSET_NAME.fullmatch(name):
        raise invalid("name", f"{name!r} does not match {ASSET_NAME.pattern}")
    return name, version


async def _properties(request: Request) -> dict[str, Any]:
    return required_object(await body_of(request), "properties")


def _taken(kind: str, key: tuple[str, str]) -> Refused:
    return Refused(409, "Conflict", f"{kind} {':'.join(key)} exists and is different; a version never changes")


def _check_environment(properties: dict[str, Any]) -> None:
    image, build, conda = (properties.get(name) for name in ("image", "build", "condaFile"))
    if bool(image) == bool(build):
        raise invalid("properties", "an environment has either an image or a build context")
    if build and not (isinstance(build, dict) and build.get("contextUri")):
        raise invalid("properties.build.contextUri", "is required")
    if conda is None:
        return
    try:
        content = yaml.safe_load(conda) if isinstance(conda, str) else None
    except yaml.YAMLError as error:
        raise invalid("properties.condaFile", f"is no YAML: {error}") from error
    if not isinstance(content, dict) or not isinstance(content.get("dependencies"), list):
        raise invalid("properties.condaFile", "has no list of dependencies")


def _shown(kind: str, asset: Code | Environment) -> dict[str, Any]:
    properties = {
        "tags": {},
        "properties": {},
        "isArchived": False,
        **asset.body,
        "provisioningState": "Succeeded",
    }
    path = f"{kind}/{asset.name}/versions/{asset.version}"
    return resource(f"{kind}/versions", path, asset.version, properties, asset.created)
