"""A deployment's chat completions over HTTP, whole and streamed."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any

import aiohttp
import msgspec

from shared.core.openai_errors import word
from shared.core.sse import EventReader, UnreadableStream
from shared.errors import ServiceRefused, ServiceUnavailable
from shared.gateways.endpoint_keys import EndpointKeys
from shared.gateways.http_errors import UNREADABLE, Reaching, answered, retry_after
from shared.gateways.http_pool import HttpPool
from shared.ports import Deployment

SERVICE = "model"
SILENCE = 60.0  # seconds between two pieces of a stream; a whole answer is silent until its last word is there
TOTAL = 200.0  # seconds; Azure's load balancer cuts a request at 230
LONGEST_ANSWER = 8_000_000  # bytes
UNAUTHORIZED = 401
MODEL_FAILED = 424  # a managed online endpoint's word for a container that answers anything but 200, or not at all
MODEL_STATUS = "ms-azureml-model-error-statuscode"  # the header in which it says what the container answered
ABOUT_THE_REQUEST = frozenset({"400", "413", "422", "429"})  # those that mean here what they meant there
SCORE = "/score"  # how the scoring URI of a managed online endpoint ends where our script answers

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class AzureChatModel:
    """Azure ML's endpoints, serverless and managed; a key that is refused is read again once."""

    def __init__(self, pool: HttpPool, keys: EndpointKeys) -> None:
        self._pool, self._keys = pool, keys
        self._whole, self._streamed = pool.timeout(TOTAL), pool.timeout(TOTAL, silence=SILENCE)

    async def complete(self, deployment: Deployment, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the chat completion; raises ServiceUnavailable, or ServiceRefused with status, code and param."""
        with Reaching(SERVICE):
            body = {**request, "model": deployment.base_model}
            async with await self._opened(deployment, body, self._whole) as response:
                return _read(await _bounded(response))

    async def stream(
        self, deployment: Deployment, request: Mapping[str, Any]
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the chunks as they come; raises as `complete` does, also for an error inside the stream."""
        body = {**request, "model": deployment.base_model, "stream": True}
        reader, done = EventReader(), False
        with Reaching(SERVICE):
            async with await self._opened(deployment, body, self._streamed) as response:
                async for piece in response.content.iter_any():  # to its end, so that the connection can be reused
                    for event in _events(reader, piece):
                        done = done or event.strip() == b"[DONE]"
                        if not done:
                            yield _chunk(event)

    async def _opened(
        self, deployment: Deployment, body: Mapping[str, Any], limits: aiohttp.ClientTimeout
    ) -> aiohttp.ClientResponse:
        """Return a successful answer, still to be read; whoever asked closes it."""
        payload, key = _encode(body), await self._keys.key(deployment.endpoint)
        response = await self._post(deployment, payload, key, limits)
        if response.status == UNAUTHORIZED:
            response.release()
            self._keys.forget(deployment.endpoint, key)
            response = await self._post(deployment, payload, await self._keys.key(deployment.endpoint), limits)
        if response.status != 200:
            async with response:
                raise _refusal(response, await _bounded(response))
        return response

    async def _post(
        self, deployment: Deployment, payload: bytes, key: str, limits: aiohttp.ClientTimeout
    ) -> aiohttp.ClientResponse:
        headers = {
            "authorization": f"Bearer {key}",
            "content-type": "application/json",
            "extra-parameters": "pass-through",  # else n and logprobs are refused; unknown ones never come here
        }
        return await self._pool.session().post(
            chat_url(deployment.url), data=payload, headers=headers, timeout=limits, allow_redirects=False
        )


def chat_url(endpoint: str) -> str:
    """Return where an endpoint takes chat completions: our scoring script at its one URL, others as OpenAI."""
    return endpoint if endpoint.endswith(SCORE) else f"{endpoint.rstrip('/')}/v1/chat/completions"


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    parts, size = [], 0
    async for part in response.content.iter_any():
        size += len(part)
        if size > LONGEST_ANSWER:
            raise ServiceUnavailable(SERVICE, "an answer that is too long")
        parts.append(part)
    return b"".join(parts)


def _read(raw: bytes) -> dict[str, Any]:
    try:
        return _decode(raw)
    except UNREADABLE:
        raise ServiceUnavailable(SERVICE, "an answer that is no JSON") from None


def _events(reader: EventReader, piece: bytes) -> list[bytes]:
    try:
        return list(reader.feed(piece))
    except UnreadableStream as error:
        raise ServiceUnavailable(SERVICE, str(error)) from None


def _chunk(event: bytes) -> dict[str, Any]:
    chunk = _read(event)
    if "error" in chunk:
        error = chunk["error"] if isinstance(chunk["error"], dict) else {}
        if error.get("code") == "content_filter":
            raise ServiceRefused(SERVICE, "", 400, "content_filter")
        raise ServiceUnavailable(SERVICE, "an error inside the stream")
    return chunk


def _refusal(response: aiohttp.ClientResponse, raw: bytes) -> ServiceUnavailable | ServiceRefused:
    """Return the error; Azure's serverless endpoints answer in two shapes, nested (`error`) and flat."""
    told = response.headers.get(MODEL_STATUS, "")
    status = int(told) if response.status == MODEL_FAILED and told in ABOUT_THE_REQUEST else response.status
    if status == MODEL_FAILED:
        return ServiceUnavailable(SERVICE, str(MODEL_FAILED), retry_after(response.headers))
    try:
        body = _decode(raw)
    except UNREADABLE:
        body = {}
    error = body["error"] if isinstance(body.get("error"), dict) else body
    return answered(SERVICE, status, response.headers, word(error.get("code")), word(_param(error)))


def _param(error: Mapping[str, Any]) -> Any:
    """Return what names the refused parameter: `detail.loc` (one detail or a list of them) or `param`."""
    detail = error.get("detail")
    if isinstance(detail, list):
        detail = detail[0] if detail else None
    place = detail.get("loc") if isinstance(detail, dict) else None
    return place[-1] if isinstance(place, list) and place else error.get("param")
