"""HTTP: where does my run stand?"""

import asyncio

import azure.functions as func
from azurefunctions.extensions.http.fastapi import Request, Response

from functions.openai_http import answered, json_response
from shared.core.openai_errors import ApiError
from shared.core.run_view import run_view
from shared.errors import NotFound
from shared.ports import ApiKey
from shared.wiring import app

bp = func.Blueprint()

LATEST = 100  # runs listed; older ones are found by their id
SCOPE = "runs"


@bp.route(route="runs", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def runs(req: Request) -> Response:
    """Return the latest runs, newest first."""

    async def work(_key: ApiKey) -> Response:
        latest = await asyncio.to_thread(app().runs.latest, LATEST)
        return json_response({"object": "list", "data": [run_view(run) for run in latest]})

    return await answered(req, work, SCOPE)


@bp.route(route="runs/{id}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def run(req: Request) -> Response:
    """Return one run with its history."""
    run_id = req.path_params["id"]

    async def work(_key: ApiKey) -> Response:
        try:
            found = await asyncio.to_thread(app().runs.get, run_id)
        except NotFound:
            message = f"There is no run {run_id!r}. GET /runs lists the latest ones."
            raise ApiError(404, message, "run_not_found") from None
        history = await asyncio.to_thread(app().runs.history, run_id)
        return json_response(run_view(found.run, history))

    return await answered(req, work, SCOPE)
