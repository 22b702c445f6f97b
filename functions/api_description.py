"""HTTP: the description of the API, for people's tools; docs/api.md says it in words."""

from functools import cache
from pathlib import Path

import azure.functions as func
from azurefunctions.extensions.http.fastapi import Request, Response

bp = func.Blueprint()


@bp.route(route="openapi.json", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def api_description(req: Request) -> Response:  # noqa: ARG001 - the binding needs it
    """Return the OpenAPI description."""
    return Response(_description(), media_type="application/json")


@cache
def _description() -> bytes:
    return Path(__file__).with_name("openapi.json").read_bytes()
