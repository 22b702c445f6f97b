"""What the OpenAI-compatible routes share: the key, the body, a request id, and errors as OpenAI has them."""

import asyncio
import logging
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Any, TypeVar, cast

import msgspec
from azurefunctions.extensions.http.fastapi import Request, Response, StreamingResponse

from shared.core.openai_errors import ApiError, bad_request, model_unavailable, service_unavailable, too_large
from shared.core.sse import DONE, frame
from shared.errors import TuneDropError, place_of
from shared.ports import ApiKey
from shared.wiring import app

T = TypeVar("T")
log = logging.getLogger(__name__)


def _silence(record: logging.LogRecord) -> bool:
    """Switch a logger off at its first line: whoever configures it later would undo an earlier switch."""
    logging.getLogger(record.name).disabled = True
    return False


# The host logs each request; uvicorn's own line about it would cost a twentieth of the request.
logging.getLogger("uvicorn.access").addFilter(_silence)

LONGEST_BODY = 1_000_000  # bytes
SCOPE = "chat"
CLIENT_GONE = 499  # for the log only: nobody reads it
PRINCIPAL = "x-ms-client-principal"  # App Service authentication's word on who signed in

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class ClientGone(Exception):
    """Nobody waits for the answer any more."""


async def answered(req: Request, work: Callable[[ApiKey], Awaitable[Response]], scope: str = SCOPE) -> Response:
    """Return what `work` answers to the holder of a good key, or the error that it or the key check raises."""
    request_id = req.state.request_id = secrets.token_hex(16)
    try:
        key = await app().guard.key(_bearer(req), scope, req.headers.get(PRINCIPAL))
        response = await work(key)
    except ApiError as error:
        return refusal(error, request_id)
    except ClientGone:
        log.info("request %s: left by the client", request_id)
        return Response(status_code=CLIENT_GONE)
    except TuneDropError as error:
        log.error("request %s: %s", request_id, error)
        response = json_response(service_unavailable(None).body, 503)
    response.headers["x-request-id"] = request_id
    return response


def refusal(error: ApiError, request_id: str = "") -> Response:
    """Return an error as an answer, and log it by the id that the client is told."""
    request_id = request_id or secrets.token_hex(16)
    log.info("request %s: %d %s", request_id, error.status, error.code)
    return json_response(error.body, error.status, {**error.headers, "x-request-id": request_id})


def _bearer(req: Request) -> str | None:
    """Return the Authorization header, or one made of `api-key`, which Azure's clients send."""
    api_key = req.headers.get("api-key")
    header: str | None = req.headers.get("authorization")
    return header or (f"Bearer {api_key}" if api_key else None)


async def body_of(req: Request) -> bytes:
    """Return the request's body; raises ApiError for one that is too large."""
    parts, size = [], 0
    async for part in req.stream():
        size += len(part)
        if size > LONGEST_BODY:
            raise too_large(LONGEST_BODY)
        parts.append(part)
    return b"".join(parts)


async def while_there(req: Request, work: Awaitable[T]) -> T:
    """Return what the work yields; when the client leaves, it is canceled at once and ClientGone raised.

    The body has to be read by then: what the server tells next is that the client has left.
    """
    working = cast("asyncio.Task[Any]", asyncio.current_task())
    leaving = asyncio.create_task(_leave(req, working))
    try:
        return await work
    except asyncio.CancelledError:
        if leaving.done() and working.uncancel() == 0:  # else it is the host that ends it
            raise ClientGone from None
        raise
    finally:
        leaving.cancel()


async def _leave(req: Request, working: "asyncio.Task[Any]") -> None:
    """Cancel a task when the client leaves."""
    while (await req.receive())["type"] != "http.disconnect":
        pass
    working.cancel()


def decoded(raw: bytes) -> Any:
    """Return what a JSON body says; raises ApiError for one that is none."""
    try:
        return _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise bad_request("The request body is not valid JSON.", "invalid_json") from None


def json_response(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON answer."""
    return Response(_encode(body), status, headers, media_type="application/json")


def event_stream(
    chunks: AsyncGenerator[dict[str, Any], None], headers: Mapping[str, str], request_id: str
) -> Response:
    """Return the chunks as server-sent events."""
    headers = {"cache-control": "no-cache", "x-accel-buffering": "no", **headers}
    return StreamingResponse(frames(chunks, request_id), media_type="text/event-stream", headers=headers)


async def frames(chunks: AsyncGenerator[dict[str, Any], None], request_id: str) -> AsyncGenerator[bytes, None]:
    """Yield the frames, `[DONE]` last.

    When the stream breaks on the way, an error event goes out and the error is raised, which cuts the connection:
    only both together are noticed by every client. The host does not report a generator's error, so it is logged
    here, without its message, which might quote text.
    """
    try:
        async for chunk in chunks:
            yield frame(chunk)
        yield DONE
    except ApiError as error:
        yield frame(error.body)
        raise
    except Exception as error:  # noqa: BLE001 - reported; the client hears of it as an error event
        log.error("request %s: its stream broke: %s in %s", request_id, type(error).__name__, place_of(error))
        yield frame(model_unavailable().body)
        raise model_unavailable() from None
    finally:
        await chunks.aclose()
