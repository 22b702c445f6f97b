"""HTTP: which models are served, as OpenAI's and Azure's clients ask for it."""

from typing import Any

import azure.functions as func
from azurefunctions.extensions.http.fastapi import Request, Response

from functions.openai_http import answered, json_response, refusal
from shared.core.openai_errors import unknown_url
from shared.ports import ApiKey, Deployment
from shared.wiring import app

bp = func.Blueprint()


@bp.route(route="v1/models", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def models(req: Request) -> Response:
    """Return the models that the key may use."""

    async def listed(key: ApiKey) -> Response:
        found = await app().inference.deployments(key)
        return json_response({"object": "list", "data": [_view(deployment) for deployment in found]})

    return await answered(req, listed)


@bp.route(route="v1/models/{id}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def model(req: Request) -> Response:
    """Return one model."""

    async def found(key: ApiKey) -> Response:
        return json_response(_view(await app().inference.deployment(req.path_params["id"], key)))

    return await answered(req, found)


@bp.route(route="info", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def info(req: Request) -> Response:
    """Return what azure-ai-inference wants to know of an endpoint."""

    async def told(_key: ApiKey) -> Response:
        kind = {"model_name": "tunedrop", "model_type": "chat-completions", "model_provider_name": "TuneDrop"}
        return json_response(kind)

    return await answered(req, told)


@bp.route(
    route="v1/{*rest}",
    methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
    auth_level=func.AuthLevel.ANONYMOUS,
)
async def unknown_route(req: Request) -> Response:
    """Return the 404 for what OpenAI's API has and this endpoint has not."""
    return refusal(unknown_url(req.method, req.url.path))


def _view(deployment: Deployment) -> dict[str, Any]:
    created = int(deployment.created.timestamp())
    return {"id": deployment.model, "object": "model", "created": created, "owned_by": "tunedrop"}
