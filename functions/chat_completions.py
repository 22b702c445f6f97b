"""HTTP: the moderated, OpenAI-compatible chat completions, plain and streamed."""

from functools import partial

import azure.functions as func
from azurefunctions.extensions.http.fastapi import Request, Response

from functions.openai_http import answered, body_of, decoded, event_stream, json_response, while_there
from shared.errors import TuneDropError
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
    settle = partial(use.settle, estimated)
    options = {"drop_unknown": req.headers.get("extra-parameters") in DROPPING, "request_id": req.state.request_id}
    try:
        body = decoded(raw)
        if isinstance(body, dict) and body.get("stream") is True:
            chunks = await while_there(req, app().inference.stream(body, key, settle=settle, **options))
            return event_stream(chunks, use.headers, req.state.request_id)
        answer = await while_there(req, app().inference.complete(body, key, settle=settle, **options))
    except TuneDropError:
        settle(0)
        raise
    return json_response(answer, headers=use.headers)
