"""A stand-in for Azure AI Content Safety: a short word list, NOT moderation. Never use it in production.

It speaks the service's language (version 2024-09-01), so that the real SDK and the app cannot tell the difference;
its verdicts come from content_safety_words.toml, and every answer says so in the header x-tunedrop-stand-in.
"""

import json
import time
import uuid
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from localcloud.content_safety_blocklist_routes import Answer, BlocklistRoutes
from localcloud.content_safety_blocklists import Blocklists, InvalidRequest
from localcloud.content_safety_words import CATEGORIES, is_attack, is_protected, severity
from localcloud.frame import Cloud, Handler, Service
from localcloud.rate_limit import RateLimit

AUDIENCE = "https://cognitiveservices.azure.com"
VERSION = "2024-09-01"
NOTICE = "a word list on a laptop, not Azure AI Content Safety; never for production"
LONGEST_TEXT = 10_000  # Unicode code points
SHORTEST_PROTECTED = 110
MOST_DOCUMENTS = 5
REQUESTS_PER_WINDOW = 1000  # tier S0, for each operation
WINDOW = 10.0  # seconds


def service(_cloud: Cloud, requests_per_window: int = REQUESTS_PER_WINDOW) -> Service:
    """Return the stand-in."""
    blocklists = Blocklists()

    def route(path: str, method: str, answer: Answer) -> Route:
        limit = RateLimit(requests_per_window, WINDOW)
        return Route("/contentsafety/text" + path, _framed(answer, limit), methods=[method])

    async def analyze(_request: Request, body: dict[str, Any]) -> Response:
        return JSONResponse(analysis(blocklists, body))

    async def shield(_request: Request, body: dict[str, Any]) -> Response:
        return JSONResponse(attacks(body))

    async def protected(_request: Request, body: dict[str, Any]) -> Response:
        text = _text(body, "text")
        if len(text) < SHORTEST_PROTECTED:
            raise InvalidRequest(f"text must have at least {SHORTEST_PROTECTED} characters", "text")
        return JSONResponse({"protectedMaterialAnalysis": {"detected": is_protected(text)}})

    analyses = [
        route(":analyze", "POST", analyze),
        route(":shieldPrompt", "POST", shield),
        route(":detectProtectedMaterial", "POST", protected),
    ]
    return Service("content_safety", [*analyses, *BlocklistRoutes(blocklists).routes(route)], (AUDIENCE,))


def analysis(blocklists: Blocklists, body: dict[str, Any]) -> dict[str, Any]:
    """Return text:analyze's answer; raises InvalidRequest."""
    text = _text(body, "text")
    categories = _listed(body, "categories", CATEGORIES)
    names = _listed(body, "blocklistNames", ())
    output = body.get("outputType", "FourSeverityLevels")
    if output not in ("FourSeverityLevels", "EightSeverityLevels"):
        raise InvalidRequest(f"outputType {output!r} is unknown", "outputType")
    unknown = [category for category in categories if category not in CATEGORIES]
    if unknown:
        raise InvalidRequest(f"category {unknown[0]!r} is unknown; known: {', '.join(CATEGORIES)}", "categories")
    matches = blocklists.matches(names, text)
    if matches and body.get("haltOnBlocklistHit") is True:
        return {"blocklistsMatch": matches, "categoriesAnalysis": []}
    step = 2 if output == "FourSeverityLevels" else 1
    found = [{"category": c, "severity": severity(c, text) // step * step} for c in categories]
    return {"blocklistsMatch": matches, "categoriesAnalysis": found}


def attacks(body: dict[str, Any]) -> dict[str, Any]:
    """Return text:shieldPrompt's answer; raises InvalidRequest."""
    if "userPrompt" not in body and "documents" not in body:
        raise InvalidRequest("userPrompt or documents is required", "userPrompt")
    prompt = _text(body, "userPrompt", default="")
    documents = _listed(body, "documents", ())
    if len(documents) > MOST_DOCUMENTS or sum(map(len, documents)) > LONGEST_TEXT:
        what = f"at most {MOST_DOCUMENTS} documents with {LONGEST_TEXT} characters in total are allowed"
        raise InvalidRequest(what, "documents")
    return {
        "userPromptAnalysis": {"attackDetected": is_attack(prompt)},
        "documentsAnalysis": [{"attackDetected": is_attack(document)} for document in documents],
    }


def _text(body: dict[str, Any], name: str, default: str | None = None) -> str:
    text = body.get(name, default)
    if not isinstance(text, str):
        raise InvalidRequest(f"{name} is required and must be a text", name)
    if len(text) > LONGEST_TEXT:
        raise InvalidRequest(f"{name} has {len(text)} characters; at most {LONGEST_TEXT} are allowed", name)
    return text


def _listed(body: dict[str, Any], name: str, default: tuple[str, ...]) -> list[str]:
    given = body.get(name)
    if given is None:
        return list(default)
    if not isinstance(given, list) or not all(isinstance(entry, str) for entry in given):
        raise InvalidRequest(f"{name} must be a list of texts", name)
    return given


def _framed(answer: Answer, limit: RateLimit) -> Handler:
    """Return a handler that checks the rate, the api-version and the body, and signs every answer."""

    async def handler(request: Request) -> Response:
        try:
            response = await _checked(answer, limit, request)
        except InvalidRequest as refusal:
            response = _error(refusal.status, refusal.code, refusal.message, refusal.target)
        response.headers["apim-request-id"] = str(uuid.uuid4())
        response.headers["x-tunedrop-stand-in"] = NOTICE
        return response

    return handler


async def _checked(answer: Answer, limit: RateLimit, request: Request) -> Response:
    now = time.monotonic()
    if limit.reached(now):
        message = "Requests exceeded the rate limit of the S0 pricing tier. Please retry after 1 second."
        response = _error(429, "429", message)
        response.headers["Retry-After"] = "1"
        return response
    limit.use(now)
    version = request.query_params.get("api-version", "")
    if not version:
        raise InvalidRequest("the query lacks api-version", "api-version", code="InvalidApiVersion")
    if version != VERSION:
        message = f"{request.method} {request.url.path}: api-version {version!r}; known here: {VERSION}"
        raise InvalidRequest(message, "api-version", 501, "NotInLocalCloud")
    return await answer(request, _object(await request.body()))


def _object(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw or b"{}")
    except ValueError as error:
        raise InvalidRequest(f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise InvalidRequest("the body is not a JSON object")
    return body


def _error(status: int, code: str, message: str, target: str = "") -> JSONResponse:
    error: dict[str, Any] = {"code": code, "message": message, "details": []}
    if target:
        error["target"] = target
    return JSONResponse({"error": error}, status, headers={"x-ms-error-code": code})
