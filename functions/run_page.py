"""HTTP: one run as a page, for people who sign in through App Service authentication."""

import asyncio

import azure.functions as func
from azurefunctions.extensions.http.fastapi import Request, Response

from functions.openai_http import PRINCIPAL, answered
from functions.runs import READS, unknown
from shared.core.messages import run_page as page_of
from shared.core.names import RUN_ID
from shared.errors import NotFound
from shared.ports import ApiKey
from shared.wiring import app

bp = func.Blueprint()

SIGN_IN = "/.auth/login/aad?post_login_redirect_uri="
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",  # it holds a link that opens the report
}


@bp.route(route="runs/{id}/page", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def run_page(req: Request) -> Response:
    """Return one run as a page; sends a browser to sign in where people can."""
    run_id = req.path_params["id"]
    if app().settings.people_sign_in and RUN_ID.fullmatch(run_id) and not _says_who(req):
        return Response(status_code=302, headers={"Location": f"{SIGN_IN}/runs/{run_id}/page"})

    async def work(_key: ApiKey) -> Response:
        html = await asyncio.to_thread(_page, run_id)
        return Response(html, media_type="text/html", headers=HEADERS)

    return await answered(req, work, READS)


def _page(run_id: str) -> str:
    try:
        run = app().runs.get(run_id).run
    except NotFound:
        raise unknown(run_id) from None
    return page_of(run, app().backgrounds.of(run))


def _says_who(req: Request) -> bool:
    return any(name in req.headers for name in (PRINCIPAL, "authorization", "api-key"))
