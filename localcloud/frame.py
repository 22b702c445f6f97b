"""What every stand-in shares: tokens checked, calls recorded, faults, weather, a loud 501 for the unknown."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from localcloud.control import Control, Fault

TOKEN_SECRET = "local-cloud-tokens-are-for-this-laptop-only"  # noqa: S105 - signs tokens that only the local cloud accepts
SPARED = ("/msi/token", "/favicon.ico")  # paths that bad weather leaves alone
LATE = (0.1, 1.0)  # seconds by which bad weather delays an answer
Handler = Callable[[Request], Awaitable[Response]]
Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]


@dataclass
class Cloud:
    """One local cloud: where it keeps its files, where its services listen, and its control."""

    root: Path
    control: Control
    urls: dict[str, str] = field(default_factory=dict)  # service name -> base URL, no slash at the end
    ca_file: Path = Path()
    weights: Path | None = None  # folder with a real Phi model to train; None: the trainer's small stand-in
    shared: dict[str, Any] = field(default_factory=dict)  # what one stand-in keeps for another, by name


@dataclass(frozen=True)
class Service:
    """One stand-in: its name, its routes, and the token audiences it accepts (none: it checks keys itself)."""

    name: str
    routes: Sequence[BaseRoute]
    audiences: tuple[str, ...] = ()
    lifespan: Lifespan | None = None  # what the stand-in starts and must stop (child processes, tasks)
    anonymous: tuple[str, ...] = ()  # paths that ask for no token


def azure_error(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """Return an error in the envelope that Azure's services share."""
    body = {"error": {"code": code, "message": message, "details": []}}
    return JSONResponse(body, status, headers={"x-ms-error-code": code, **(headers or {})})


def versioned(path: str, method: str, handler: Handler, versions: Sequence[str]) -> Route:
    """Return a route that answers only the given api-versions; any other is a 501 that names itself."""

    async def checked(request: Request) -> Response:
        version = request.query_params.get("api-version", "")
        if version not in versions:
            wanted = ", ".join(versions)
            return azure_error(
                501, "NotInLocalCloud", f"{method} {path}: api-version {version!r}; known here: {wanted}"
            )
        return await handler(request)

    return Route(path, checked, methods=[method])


def asgi(service: Service, cloud: Cloud) -> ASGIApp:
    """Return the service as an ASGI application inside the frame."""
    unknown: dict[Any, Any] = {404: _unknown, 405: _unknown}
    inner = Starlette(routes=list(service.routes), exception_handlers=unknown, lifespan=service.lifespan)
    return Frame(service, inner, cloud.control)


async def _unknown(request: Request, _error: Exception) -> Response:
    message = f"{request.method} {request.url.path} is not part of the local cloud"
    return azure_error(501, "NotInLocalCloud", message)


def token_refusal(header: str, audiences: Sequence[str]) -> Response | None:
    """Return a 401 unless an Authorization header bears a token of the local cloud for one of the audiences."""
    accepted = [form for audience in audiences for form in (audience, audience + "/")]
    try:
        jwt.decode(header.removeprefix("Bearer "), TOKEN_SECRET, algorithms=["HS256"], audience=accepted)
    except jwt.InvalidTokenError as error:
        return azure_error(401, "InvalidAuthenticationToken", f"the access token is not valid here: {error}")
    return None


class Frame:
    """ASGI middleware around one stand-in."""

    def __init__(self, service: Service, inner: ASGIApp, control: Control) -> None:
        self._service, self._inner, self._control = service, inner, control

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request: a fault, a bad token's 401, chance's 429 or 500, or the stand-in's own answer."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        body = await _body(receive)
        call = f"{scope['method']} {scope['path']}"
        fault = self._control.fault_for(self._service.name, call)
        if fault is not None:
            await self._strike(fault, scope, body, receive, send)
            return
        refusal = self._refusal(scope) or self._weather(scope)
        if refusal is not None:
            self._record(scope, body, refusal.status_code, None)
            await refusal(scope, receive, send)
        elif await self._arrives(scope):
            await self._pass_on(scope, body, receive, send)
        else:
            await self._inner(scope, _replay(body), _swallow)
            self._record(scope, body, 0, "lost")
            await _cut(send)

    async def _strike(self, fault: Fault, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        if fault.when == "after":
            await self._inner(scope, _replay(body), _swallow)
        status = fault.status if fault.action == "status" else 0
        self._record(scope, body, status, f"{fault.action} {fault.when}")
        if fault.action == "crash" and self._control.crash_host is not None:
            await self._control.crash_host()
        await _fail(fault, scope, receive, send)

    async def _pass_on(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        status = 500

        async def passing(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._inner(scope, _replay(body, receive), passing)
        finally:
            self._record(scope, body, status, None)

    def _record(self, scope: Scope, body: bytes, status: int, fault: str | None) -> None:
        query = scope["query_string"].decode()
        name, request = self._service.name, _readable(body)
        self._control.record(name, scope["method"], scope["path"], query, request, status, fault)

    def _refusal(self, scope: Scope) -> Response | None:
        """Return a 401 unless the request bears a token of the local cloud for one of the audiences."""
        if not self._service.audiences or scope["path"] in self._service.anonymous:
            return None
        header = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
        return token_refusal(header, self._service.audiences)

    def _weather(self, scope: Scope) -> Response | None:
        """Return what bad weather answers now and then, before any effect."""
        weather = self._control.weather
        if scope["path"].endswith(SPARED):
            return None
        if weather.happens(weather.throttled):
            headers = {"Retry-After": "1"} if weather.happens(0.5) else {}
            return azure_error(429, "TooManyRequests", "too many requests; please retry", headers)
        if weather.happens(weather.failing):
            return azure_error(500, "InternalServerError", "something broke before the request took effect")
        return None

    async def _arrives(self, scope: Scope) -> bool:
        """Wait where bad weather delays the answer; False where it loses it after the call took effect."""
        weather = self._control.weather
        if scope["path"].endswith(SPARED):
            return True
        if weather.happens(weather.delayed):
            await asyncio.sleep(weather.chance.uniform(*LATE))
        return not weather.happens(weather.lost)


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _replay(body: bytes, after: Receive | None = None) -> Receive:
    """Return a `receive` that hands the body over once, then whatever the connection says (a disconnect)."""
    sent = False

    async def receive() -> Message:
        nonlocal sent
        if not sent:
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}
        return await after() if after else {"type": "http.disconnect"}

    return receive


async def _swallow(_message: Message) -> None:
    """Take an answer that nobody gets."""


async def _fail(fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the fault's status, or cut the connection (at once, after a hang, or after a crash)."""
    if fault.action == "status":
        body = fault.body or {"error": {"code": "ScriptedFault", "message": "a scripted fault"}}
        await JSONResponse(body, fault.status, headers=fault.headers)(scope, receive, send)
        return
    if fault.action == "hang":
        await asyncio.sleep(fault.seconds)
    await _cut(send)


async def _cut(send: Send) -> None:
    """Begin an answer that never ends, which makes the server close the connection."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
    await send({"type": "http.response.body", "body": b"{", "more_body": True})


def _readable(body: bytes) -> Any:
    """Return the request's body as JSON where it is JSON, else as text (undecodable bytes replaced)."""
    if not body:
        return None
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")[:10_000]
