"""The inbox as pages: an index, cards as Teams shows them, e-mails as a reader sees them."""

from dataclasses import asdict
from functools import cache
from pathlib import Path

import jinja2
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from localcloud.frame import Cloud
from localcloud.letters import letter_of
from localcloud.mailbox import mailbox_of

FILES = Path(__file__).with_name("inbox_files")
RENDERER = Path(__file__).parents[1] / "node_modules" / "adaptivecards" / "dist" / "adaptivecards.min.js"
SERVED = {"inbox.css": FILES / "inbox.css", "card.js": FILES / "card.js", RENDERER.name: RENDERER}
NOTHING_ELSE = "default-src 'none'; base-uri 'none'; form-action 'none'"
PAGE_POLICY = f"{NOTHING_ELSE}; script-src 'self'; style-src 'self'; frame-src 'self'; frame-ancestors 'none'"
# An e-mail is somebody else's page: no scripts, no pictures from elsewhere, and its links open beside the inbox.
EMAIL_POLICY = (
    f"{NOTHING_ELSE}; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)
LINKS_OPEN_BESIDE = '<base target="_blank">'


def page_routes(cloud: Cloud) -> list[Route]:
    """Return the routes of the inbox's pages, and of all messages as JSON."""
    mailbox = mailbox_of(cloud)

    async def messages(_request: Request) -> Response:
        return JSONResponse([asdict(message) for message in mailbox.messages])

    async def index(_request: Request) -> Response:
        letters = [letter_of(message) for message in reversed(mailbox.messages)]
        return _page("index.html", letters=letters)

    async def show(request: Request) -> Response:
        message = mailbox.numbered(request.path_params["number"])
        return _page("message.html", letter=letter_of(message)) if message else _gone()

    async def html(request: Request) -> Response:
        message = mailbox.numbered(request.path_params["number"])
        return _email(letter_of(message).html) if message else _gone()

    return [
        Route("/", index),
        Route("/messages", messages),
        Route("/message/{number:int}", show),
        Route("/message/{number:int}/html", html),
        Route("/files/{name}", _file),
    ]


async def _file(request: Request) -> Response:
    """Return one of the pages' own files, or the renderer that npm installed."""
    path = SERVED.get(request.path_params["name"])
    if path is None or not path.exists():
        return Response(f"{path or 'this file'} is not there; `npm ci` installs the renderer", 404)
    return FileResponse(path, headers={"X-Content-Type-Options": "nosniff"})


def _page(template: str, **shown: object) -> Response:
    content = _templates().get_template(template).render(**shown)
    return HTMLResponse(
        content, headers={"Content-Security-Policy": PAGE_POLICY, "Referrer-Policy": "no-referrer"}
    )


def _email(html: str) -> Response:
    content = html.replace("<head>", f"<head>{LINKS_OPEN_BESIDE}", 1)
    return HTMLResponse(
        content, headers={"Content-Security-Policy": EMAIL_POLICY, "Referrer-Policy": "no-referrer"}
    )


def _gone() -> Response:
    return Response("This message is not there any more: the inbox was emptied.", 404, media_type="text/plain")


@cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(FILES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
