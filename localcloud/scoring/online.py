"""The scoring routes of managed online endpoints: Azure's front, and behind it the server of the deployment."""

import secrets
from collections.abc import AsyncIterator

import aiohttp
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from localcloud.azure_ml.online import OnlineEndpoint
from localcloud.azure_ml.workspace import workspace_of
from localcloud.frame import Cloud
from localcloud.scoring.echo import echo
from localcloud.scoring.leaving import unless_gone
from scorer.reading import asked_for
from scorer.refusals import Refusal
from scorer.shaping import Frame

REQUEST_TIMEOUT = 180.0  # seconds; the most that a deployment can be given
GUIDE = "https://docs.microsoft.com/azure/machine-learning/how-to-troubleshoot-online-endpoints#http-status-codes"
KEPT = ("content-type", "cache-control", "retry-after", "x-request-id", "x-ms-request-id")
ERROR = "ms-azureml-model-error"  # begins the headers that say what became of a request behind Azure's front


class Online:
    """The answers of the online endpoints."""

    def __init__(self, cloud: Cloud) -> None:
        self._workspace = workspace_of(cloud)
        self._session: aiohttp.ClientSession | None = None

    def routes(self) -> list[Route]:
        """Return the routes."""
        one = "/online/{name}"
        return [
            Route(one + "/score", self.score, methods=["POST"]),
            Route(one + "/", self.health, methods=["GET"]),
        ]

    async def close(self) -> None:
        """Close the connections to the servers."""
        if self._session is not None:
            await self._session.close()

    async def score(self, request: Request) -> Response:
        """Pass a request to the deployment's server and its answer back, a stream as it comes."""
        endpoint = self._workspace.online.get(request.path_params["name"])
        refusal = _refusal(endpoint, request)
        if refusal is not None:
            return refusal
        if endpoint is not None and endpoint.echoes:
            return await _echoed(request)
        if endpoint is None or endpoint.server is None:
            return _not_serving()
        return await unless_gone(request, self._passed(request, endpoint.server.url))

    async def health(self, request: Request) -> Response:
        """Tell how the deployment's server answers the probe."""
        endpoint = self._workspace.online.get(request.path_params["name"])
        if endpoint is None:
            return _unknown()
        healthy = endpoint.echoes or (endpoint.server is not None and await endpoint.server.healthy())
        return PlainTextResponse("Healthy") if healthy else _not_serving()

    async def _passed(self, request: Request, url: str) -> Response:
        body = await request.body()
        kind = {"content-type": request.headers.get("content-type", "application/json")}
        try:
            # Closed by _parts, or here when the client goes before the answer begins.
            answer = await self._connections().post(f"{url}/score", data=body, headers=kind)
        except TimeoutError:
            return PlainTextResponse("the model took longer than request_timeout_ms", 408)
        except aiohttp.ClientError:
            return _model_error(502, "no answer")
        headers = {name: value for name, value in answer.headers.items() if name.lower() in KEPT}
        if answer.status == 200:
            return StreamingResponse(_parts(answer), headers=headers)
        async with answer:
            return _model_error(answer.status, await answer.read(), headers)

    def _connections(self) -> aiohttp.ClientSession:
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=REQUEST_TIMEOUT)
            self._session = aiohttp.ClientSession(timeout=timeout)
        return self._session


def _refusal(endpoint: OnlineEndpoint | None, request: Request) -> Response | None:
    """Return what Azure's front says where it passes nothing on."""
    if endpoint is None:
        return _unknown()
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme != "Bearer" or not key:
        return _unauthorized("key_auth_bad_header_forbidden")
    keys = (endpoint.primary_key, endpoint.secondary_key)
    if not any(secrets.compare_digest(key.encode(), known.encode()) for known in keys):
        return _unauthorized("key_auth_access_denied")
    return None if endpoint.state == "Succeeded" else _not_serving()


def _unauthorized(reason: str) -> Response:
    return PlainTextResponse(f"{reason}\nPlease check this guide to understand why: {GUIDE}", 401)


def _unknown() -> Response:
    return PlainTextResponse("there is no such endpoint", 404)


def _not_serving() -> Response:
    return PlainTextResponse("the endpoint has no deployment that serves", 404)


def _model_error(status: int, body: bytes | str, headers: dict[str, str] | None = None) -> Response:
    """Return an answer of the server that was not 200, as Azure shows it: 424, the status in a header."""
    told = {f"{ERROR}-statuscode": str(status), f"{ERROR}-reason": "model_error"}
    return Response(body, 424, {**(headers or {}), **told})


async def _parts(answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """Yield an answer as it comes; who stops reading closes the connection, which stops the writing."""
    try:
        async for part in answer.content.iter_any():
            yield part
    finally:
        answer.close()


async def _echoed(request: Request) -> Response:
    """Answer as the scoring script would, with the words of the prompt."""
    try:
        asked = asked_for(await request.body())
    except Refusal as refusal:
        return _model_error(refusal.status, refusal.body(), {"content-type": "application/json"})
    said = [(index, piece) for index, one in enumerate(asked.prompts()) async for piece in echo(one)]
    frame = Frame(asked.model or "echo")
    if asked.stream:
        events = frame.streamed(said, asked.choices, usage_apart=asked.usage_apart)
        return StreamingResponse(events, media_type="text/event-stream")
    return Response(frame.whole(said), media_type="application/json")
