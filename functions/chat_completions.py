"""HTTP: the moderated, OpenAI-compatible chat completions, plain and streamed."""

import azure.functions as func
from azurefunctions.extensions.http.fastapi import Request, Response

from functions.openai_http import answered, event_stream, json_body, json_response
from shared.ports import ApiKey
from shared.wiring import app

bp = func.Blueprint()

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
    body = await json_body(req)
    drop_unknown = req.headers.get("extra-parameters") in DROPPING
    if isinstance(body, dict) and body.get("stream") is True:
        return event_stream(await app().inference.stream(body, key, drop_unknown=drop_unknown))
    return json_response(await app().inference.complete(body, key, drop_unknown=drop_unknown))
