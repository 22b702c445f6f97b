"""HTTP: where does my run stand? And what people ask of it: cancel, retry, delete."""

import asyncio
import logging

import azure.functions as func
from azurefunctions.extensions.http.fastapi import Request, Response

from functions.openai_http import answered, json_response
from shared.commands import CANCEL, DELETE, RETRY, Command
from shared.core.openai_errors import ApiError
from shared.core.run import Run
from shared.core.run_listing import PageWanted, page_of, page_wanted, wrong_value
from shared.core.run_view import run_view
from shared.errors import NotFound, NotNow
from shared.ports import ApiKey
from shared.wiring import app

bp = func.Blueprint()
log = logging.getLogger(__name__)

READS = "runs"  # the scopes of keys
MANAGES = "manage"


@bp.route(route="runs", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def runs(req: Request) -> Response:
    """Return the latest runs, or those of a model, a dataset or a state, newest first."""

    async def work(_key: ApiKey) -> Response:
        page = page_wanted(req.query_params)
        return json_response(page_of(await asyncio.to_thread(_listed, page), page.limit))

    return await answered(req, work, READS)


@bp.route(route="runs/{id}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def run(req: Request) -> Response:
    """Return one run with its history."""
    run_id = req.path_params["id"]

    async def work(_key: ApiKey) -> Response:
        return await _shown(run_id)

    return await answered(req, work, READS)


@bp.route(route="runs/{id}/cancel", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def cancel_run(req: Request) -> Response:
    """Let an open run end as canceled, with nothing left behind."""
    return await _given(req, CANCEL, "run_not_cancelable")


@bp.route(route="runs/{id}/retry", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def retry_run(req: Request) -> Response:
    """Let a run that failed, was canceled or was rejected go on where it stopped."""
    return await _given(req, RETRY, "run_not_retryable")


@bp.route(route="runs/{id}", methods=["DELETE"], auth_level=func.AuthLevel.ANONYMOUS)
async def delete_run(req: Request) -> Response:
    """Remove what an ended run made: its endpoint first, then its model."""
    return await _given(req, DELETE, "run_not_deletable")


async def _given(req: Request, command: Command, refusal: str) -> Response:
    """Return the run as it is once it was told."""
    run_id = req.path_params["id"]

    async def work(key: ApiKey) -> Response:
        try:
            told = await asyncio.to_thread(app().commands.give, command, run_id, key.owner)
        except NotFound:
            raise unknown(run_id) from None
        except NotNow as refused:
            raise ApiError(409, str(refused), refusal) from None
        # Logged here, since Azure drops what a thread of our own logs.
        log.info("run %s: is to be %s; it is %s now", run_id, command.word, told.state)
        return await _shown(run_id)

    return await answered(req, work, MANAGES)


def _listed(page: PageWanted) -> list[Run]:
    """Return the runs of the page, and one more where there are more."""
    try:
        after = app().runs.get(page.after).run if page.after else None
    except NotFound:
        raise wrong_value("after", f"There is no run {page.after!r}.") from None
    return app().runs.latest(page.limit + 1, page.wanted, after)


async def _shown(run_id: str) -> Response:
    try:
        found = await asyncio.to_thread(app().runs.get, run_id)
    except NotFound:
        raise unknown(run_id) from None
    history = await asyncio.to_thread(app().runs.history, run_id)
    return json_response(run_view(found.run, history))


def unknown(run_id: str) -> ApiError:
    """Return the error that says so."""
    return ApiError(404, f"There is no run {run_id[:100]!r}. GET /runs lists the latest ones.", "run_not_found")
