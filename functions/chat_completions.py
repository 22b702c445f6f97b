"""HTTP: the moderated, OpenAI-compatible chat completions, plain and streamed."""

from collections.abc import AsyncGenerator
from typing import Any

import azure.functions as func
from azurefunctions.extensions.http.fastapi import Request, Response

from functions.openai_http import answered, body_of, decoded, event_stream, json_response
from shared.guard import Use
from shared.ports import ApiKey
from shared.wiring import app

bp = func.Blueprint()

BYTES_PER_TOKEN = 4  # about; what a request really took is known after it
DROPPING = frozenset({"drop", "pass-through"})  # of the header `extra-parameters`: nothing unknown is ever passed


@bp.route(route="v1/chat/completions", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def chat_completions(req: Request) -> Response:
    """Answer as OpenAI's API does."""
    return await answered(req, lambda key: _completion(req, key))


@bp.route(route="chat/completions", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def chat_completions_of_azure(req: Request) -> Response:
    """Answer at the path that azure-ai-inference appends to an endpoint."""
    return await answered(req, lambda key: _completion(req, key))


async def _completion(req: Request, key: ApiKey) -> Response:
    raw = await body_of(req)
    estimated = len(raw) // BYTES_PER_TOKEN
    use = app().guard.admit(key, estimated)
    drop_unknown = req.headers.get("extra-parameters") in DROPPING
    request_id = req.state.request_id
    try:
        body = decoded(raw)
        if isinstance(body, dict) and body.get("stream") is True:
            chunks = await app().inference.stream(body, key, drop_unknown=drop_unknown, request_id=request_id)
            counted = _counted(chunks, use, estimated) if use.tokens else chunks
            return event_stream(counted, use.headers, request_id)
        answer = await app().inference.complete(body, key, drop_unknown=drop_unknown, request_id=request_id)
    except BaseException:
        use.settle(estimated, 0)
        raise
    use.settle(estimated, answer["usage"].get("total_tokens") or estimated)
    return json_response(answer, headers=use.headers)


async def _counted(
    chunks: AsyncGenerator[dict[str, Any], None], use: Use, estimated: int
) -> AsyncGenerator[dict[str, Any], None]:
    """Pass a stream on and settle what it took: as the model counts, or by the length of its text."""
    size, counted = 0, 0
    try:
        async for chunk in chunks:
            size += sum(len(choice["delta"].get("content") or "") for choice in chunk["choices"])
            counted = (chunk.get("usage") or {}).get("total_tokens", 0)
            yield chunk
    finally:
        use.settle(estimated, counted or estimated + size // BYTES_PER_TOKEN)
        await chunks.aclose()
