"""A way to the real storage emulator that can break: before a call arrives, or after it took effect."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from yarl import URL

from localcloud.certificates import Certificates
from localcloud.control import Control, Weather
from localcloud.frame import Cloud, Service, asgi
from localcloud.hosting import served
from localcloud.ports import port_of
from tests.cloud import RunningCloud

KINDS = ("blob", "queue", "table")
NOT_FORWARDED = {"host", "content-length", "transfer-encoding", "connection", "content-encoding"}
READY = 20.0  # seconds
METHODS = ["GET", "HEAD", "PUT", "POST", "DELETE", "MERGE", "PATCH"]


@contextmanager
def way_to_storage(cloud: RunningCloud) -> Iterator[tuple[dict[str, str], Control]]:
    """Yield the URL of each kind of storage on this way, and the control that breaks it ("storage")."""
    weather = Weather(1)
    weather.calm()
    control, loop = Control(weather), asyncio.new_event_loop()
    stop, ready = asyncio.Event(), threading.Event()
    sockets = {kind: socket.create_server(("127.0.0.1", 0)) for kind in KINDS}
    folder = cloud.ca_file.parent
    tls = Certificates(cloud.ca_file, folder / "server.pem", folder / "server-key.pem")

    async def live() -> None:
        trust = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=cloud.ca_file))
        async with aiohttp.ClientSession(connector=trust, auto_decompress=False) as http:
            apps = {kind: _forwarding(http, _origin(cloud, kind), control) for kind in KINDS}
            async with (
                served(apps["blob"], sockets["blob"], tls),
                served(apps["queue"], sockets["queue"], tls),
                served(apps["table"], sockets["table"], tls),
            ):
                ready.set()
                await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(live()), daemon=True)
    thread.start()
    try:
        assert ready.wait(READY)
        yield {k: f"https://127.0.0.1:{port_of(sockets[k])}/devstoreaccount1" for k in KINDS}, control
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(READY)
        loop.close()


def _origin(cloud: RunningCloud, kind: str) -> str:
    return cloud.settings[f"AzureWebJobsStorage__{kind}ServiceUri"].removesuffix("/devstoreaccount1")


def _forwarding(http: aiohttp.ClientSession, origin: str, control: Control):
    async def forward(request: Request) -> Response:
        path = request.scope["raw_path"].decode() + f"?{request.url.query}"
        headers = [(n, v) for n, v in request.headers.items() if n.lower() not in NOT_FORWARDED]
        body = await request.body()
        async with http.request(
            request.method, URL(origin + path, encoded=True), headers=headers, data=body
        ) as found:
            kept = {n: v for n, v in found.headers.items() if n.lower() not in NOT_FORWARDED}
            answer = Response(await found.read(), found.status, kept)
        if request.method == "HEAD" and "Content-Length" in found.headers:
            answer.headers["content-length"] = found.headers["Content-Length"]
        return answer

    service = Service("storage", [Route("/{path:path}", forward, methods=METHODS)])
    return _closing(asgi(service, Cloud(Path("nowhere"), control)))


def _closing(app: ASGIApp) -> ASGIApp:
    """Let each connection end with its answer: SDKs keep theirs open, and would outlive this way's loop."""

    async def closing(scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), (b"connection", b"close")]
            await send(message)

        await app(scope, receive, sent)

    return closing
