"""HTTP: are settings and services fine?"""

from http import HTTPStatus

import azure.functions as func
from azurefunctions.extensions.http.fastapi import JSONResponse, Request, Response

from shared.errors import SettingsError
from shared.wiring import app

bp = func.Blueprint()


@bp.route(route="health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def health(req: Request) -> Response:  # noqa: ARG001 - the binding needs it
    """Return 200 when all is fine, else 503 with the setting to mend or the service that is away."""
    try:
        report = await app().health.report()
    except SettingsError as error:
        return JSONResponse({"status": "misconfigured", "problem": str(error)}, HTTPStatus.SERVICE_UNAVAILABLE)
    status = HTTPStatus.OK if report["status"] == "ok" else HTTPStatus.SERVICE_UNAVAILABLE
    return JSONResponse(report, status)
