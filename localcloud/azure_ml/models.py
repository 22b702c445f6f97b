"""Azure ML's routes for models: the versions that jobs registered, read and archived."""

from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from localcloud.azure_ml.routing import body_of, in_workspace
from localcloud.azure_ml.shapes import model_container_json, model_json
from localcloud.azure_ml.workspace import Model, Refused, Workspace

VERSIONS = ("2023-08-01-preview", "2024-10-01")


class Models:
    """The answers about models."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        one = "/models/{name}/versions/{version}"
        return [
            in_workspace("/models", "GET", self.listed, VERSIONS),
            in_workspace("/models/{name}", "GET", self.container, VERSIONS),
            in_workspace("/models/{name}", "PUT", self.archive_all, VERSIONS),
            in_workspace("/models/{name}/versions", "GET", self.versions, VERSIONS),
            in_workspace(one, "GET", self.read, VERSIONS),
            in_workspace(one, "PUT", self.archive, VERSIONS),
            in_workspace(one, "DELETE", self.delete, VERSIONS),
        ]

    async def listed(self, request: Request) -> Response:
        """Return every model, as Azure lists them: without their versions."""
        groups = {model.name: self._workspace.versions(model.name) for model in self._workspace.models.values()}
        shown = [versions for versions in groups.values() if any(_wanted(request, versions))]
        return JSONResponse({"value": [model_container_json(v) for v in shown], "nextLink": None})

    async def container(self, request: Request) -> Response:
        """Return one model without its versions."""
        return JSONResponse(model_container_json(self._known(request)))

    async def versions(self, request: Request) -> Response:
        """Return a model's versions, newest first, at most $top of them."""
        found = list(_wanted(request, self._workspace.versions(request.path_params["name"])))
        top = request.query_params.get("$top", "")
        kept = found[: int(top)] if top.isdigit() else found
        return JSONResponse({"value": [model_json(model) for model in kept], "nextLink": None})

    async def read(self, request: Request) -> Response:
        """Return one version."""
        return JSONResponse(model_json(self._one(request)))

    async def archive(self, request: Request) -> Response:
        """Archive or restore one version; nothing else about it can be changed."""
        model, archived = self._one(request), await _archived_in(request)
        self._set_archived([model], archived)
        return JSONResponse(model_json(model))

    async def archive_all(self, request: Request) -> Response:
        """Archive or restore every version."""
        models, archived = self._known(request), await _archived_in(request)
        self._set_archived(models, archived)
        return JSONResponse(model_container_json(models))

    async def delete(self, request: Request) -> Response:
        """Forget one version."""
        key = request.path_params["name"], request.path_params["version"]
        if key not in self._workspace.models:
            return Response(status_code=204)
        self._refuse_deployed(self._workspace.models[key])
        del self._workspace.models[key]
        return Response(status_code=200)

    def _one(self, request: Request) -> Model:
        return self._workspace.model(request.path_params["name"], request.path_params["version"])

    def _known(self, request: Request) -> list[Model]:
        name = request.path_params["name"]
        versions = self._workspace.versions(name)
        if not versions:
            raise Refused(404, "ResourceNotFound", f"there is no model {name!r}")
        return versions

    def _set_archived(self, models: list[Model], archived: bool) -> None:
        if archived:
            for model in models:
                self._refuse_deployed(model)
        for model in models:
            model.archived = archived

    def _refuse_deployed(self, model: Model) -> None:
        endpoint = self._workspace.user_of(model)
        if endpoint is not None:
            message = f"endpoint {endpoint!r} serves {model.name}:{model.version}; delete the endpoint first"
            raise Refused(409, "Conflict", message)


def _wanted(request: Request, models: list[Model]) -> Iterator[Model]:
    view = request.query_params.get("listViewType", "ActiveOnly")
    return (m for m in models if view == "All" or m.archived == (view == "ArchivedOnly"))


async def _archived_in(request: Request) -> bool:
    body = await body_of(request)
    archived = (body.get("properties") or {}).get("isArchived")
    if not isinstance(archived, bool):
        raise Refused(400, "ValidationError", "properties.isArchived: is required and must be true or false")
    return archived
