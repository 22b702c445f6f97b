"""HTTP: where does my run stand?"""

import asyncio
from http import HTTPStatus

import azure.functions as func
from azurefunctions.extensions.http.fastapi import JSONResponse, Request, Response

from shared.core.openai_errors import error_body
from shared.core.run_view import run_view
from shared.errors import NotFound, ServiceUnavailable
from shared.wiring import app

bp = func.Blueprint()

LATEST = 100  # runs listed; older ones are found by their id


@bp.route(route="runs", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def runs(req: Request) -> Response:
    """Return the latest runs, newest first."""
    refusal = await app().guard.refusal(req.headers.get("authorization"), "runs")
    if refusal is not None:
        return JSONResponse(refusal.body, refusal.status, headers=refusal.headers)
    try:
        latest = await asyncio.to_thread(app().runs.latest, LATEST)
    except ServiceUnavailable as error:
        return _unavailable(error)
    return JSONResponse({"object": "list", "data": [run_view(run) for run in latest]})


@bp.route(route="runs/{id}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def run(req: Request) -> Response:
    """Return one run with its history."""
    refusal = await app().guard.refusal(req.headers.get("authorization"), "runs")
    if refusal is not None:
        return JSONResponse(refusal.body, refusal.status, headers=refusal.headers)
    run_id = req.path_params["id"]
    try:
        found = await asyncio.to_thread(app().runs.get, run_id)
        history = await asyncio.to_thread(app().runs.history, run_id)
    except NotFound:
        message = f"There is no run {run_id!r}. GET /runs lists the latest ones."
        return JSONResponse(error_body(message, code="run_not_found"), HTTPStatus.NOT_FOUND)
    except ServiceUnavailable as error:
        return _unavailable(error)
    return JSONResponse(run_view(found.run, history))


def _unavailable(error: ServiceUnavailable) -> Response:
    body = error_body(f"{error.service} does not answer now; try again.", code="service_unavailable")
    return JSONResponse(body, HTTPStatus.SERVICE_UNAVAILABLE, headers={"retry-after": "5"})
