"""The routes of serverless endpoints: keys checked, limits kept, answers written by the trained model."""

import asyncio
import json
import secrets
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from localcloud.azure_ml.workspace import Endpoint, workspace_of
from localcloud.content_safety_words import CATEGORIES, severity
from localcloud.frame import Cloud, Handler, Service
from localcloud.rate_limit import RateLimit
from localcloud.scoring.asked import Asked, asked_for
from localcloud.scoring.echo import echo
from localcloud.scoring.leaving import unless_gone
from localcloud.scoring.online import Online
from localcloud.scoring.refusals import Refusal, filtered, refused
from localcloud.scoring.shapes import DONE, Frame, usage_of
from localcloud.scoring_worker.client import WorkerError, worker_of
from localcloud.scoring_worker.wire import End, Prompt, Text

API_VERSION = "2024-05-01-preview"  # of the route without /v1
REQUESTS_PER_MINUTE = 1_000  # per deployment
TOKENS_PER_MINUTE = 200_000
FILTERED_FROM = 4  # the built-in filter's default: medium
Said = AsyncGenerator[Text | End, None]


class Limits:
    """What one deployment allows in a minute."""

    def __init__(self, requests: int = REQUESTS_PER_MINUTE, tokens: int = TOKENS_PER_MINUTE) -> None:
        self._requests, self._tokens = RateLimit(requests, 60), RateLimit(tokens, 60)

    def admit(self, now: float) -> None:
        """Count a request; raises Refusal when requests or tokens of this minute are used up."""
        for limit, what in ((self._requests, "request"), (self._tokens, "token")):
            if limit.reached(now):
                raise refused(429, "Too Many Requests", f"the {what} rate limit of this minute is reached")
        self._requests.use(now)

    def spent(self, now: float, tokens: int) -> None:
        """Count the tokens of an answer."""
        self._tokens.use(now, tokens)


def service(cloud: Cloud) -> Service:
    """Return the stand-in."""
    chat, online = Chat(cloud), Online(cloud)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await online.close()
        await worker_of(cloud).stop()

    one = "/endpoints/{name}"
    routes = [
        Route(one + "/v1/chat/completions", _answering(chat.complete), methods=["POST"]),
        Route(one + "/chat/completions", _answering(chat.complete_versioned), methods=["POST"]),
        Route(one + "/info", _answering(chat.info), methods=["GET"]),
        *online.routes(),
    ]
    return Service("scoring", routes, lifespan=lifespan)


def _answering(handler: Callable[[Request], Awaitable[Response]]) -> Handler:
    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except Refusal as refusal:
            return refusal.response()
        except WorkerError as error:
            if error.kind == "too_long":
                return refused(400, "Bad Request", str(error)).response()
            return refused(500, "Internal Server Error", "the model could not answer").response()

    return answer


class Chat:
    """The answers of the endpoints."""

    def __init__(self, cloud: Cloud) -> None:
        self._workspace, self._worker = workspace_of(cloud), worker_of(cloud)
        self._limits: defaultdict[str, Limits] = defaultdict(Limits)

    async def info(self, request: Request) -> Response:
        """Return which model answers."""
        name = _model_name(self._endpoint(request))
        kind = {"model_type": "chat-completions", "model_provider_name": "Microsoft"}
        return JSONResponse({"model_name": name, **kind})

    async def complete_versioned(self, request: Request) -> Response:
        """Answer on the route of the Azure AI model inference API."""
        version = request.query_params.get("api-version", "")
        if version != API_VERSION:
            raise refused(501, "NotInLocalCloud", f"api-version {version!r}; known here: {API_VERSION}")
        return await self.complete(request)

    async def complete(self, request: Request) -> Response:
        """Answer a chat, whole or streamed."""
        endpoint = self._endpoint(request)
        limits = self._limits[endpoint.name]
        limits.admit(time.monotonic())
        extra = request.headers.get("extra-parameters", "error")
        asked = asked_for(await _body(request), extra, str(endpoint.model.folder))
        if endpoint.content_safety == "Enabled" and _harmful(asked.prompt):
            raise filtered()
        frame = Frame(_model_name(endpoint))
        choices = self._choices(asked, endpoint)
        if asked.stream:
            return await self._streamed(frame, asked, choices, limits)
        return await unless_gone(request, self._whole(frame, choices, limits))

    def _endpoint(self, request: Request) -> Endpoint:
        endpoint = self._workspace.endpoints.get(request.path_params["name"])
        if endpoint is None or endpoint.provisioning != "Succeeded":
            raise refused(404, "Not Found", f"there is no deployment {request.path_params['name']!r}")
        key = request.headers.get("authorization", "").removeprefix("Bearer ").encode()
        keys = (endpoint.primary_key, endpoint.secondary_key)
        if not any(secrets.compare_digest(key, known.encode()) for known in keys):
            raise refused(401, "Unauthorized", "the key in the Authorization header is missing or wrong")
        return endpoint

    def _choices(self, asked: Asked, endpoint: Endpoint) -> list[Said]:
        """Return the answers that are asked for, each by its own seed."""
        answer = echo if endpoint.model.echoes else self._worker.answer
        seed = asked.prompt.seed
        seeds = [None if seed is None else seed + index for index in range(asked.choices)]
        return [answer(replace(asked.prompt, seed=each)) for each in seeds]

    async def _whole(self, frame: Frame, choices: list[Said], limits: Limits) -> Response:
        answers = await asyncio.gather(*(_collected(said) for said in choices))
        texts, ends = [text for text, _ in answers], [end for _, end in answers]
        limits.spent(time.monotonic(), usage_of(ends)["total_tokens"])
        return JSONResponse(frame.whole(texts, ends))

    async def _streamed(self, frame: Frame, asked: Asked, choices: list[Said], limits: Limits) -> Response:
        # The first words are awaited here: a prompt that is refused gets a status, not a broken stream.
        first = await anext(choices[0])
        body = _events(frame, asked, choices, first, limits)
        return StreamingResponse(body, media_type="text/event-stream", headers={"Cache-Control": "no-cache"})


async def _events(
    frame: Frame, asked: Asked, choices: list[Said], first: Text | End, limits: Limits
) -> AsyncIterator[bytes]:
    """Yield a streamed answer, one choice after the other; the last event with content carries the usage."""
    ends: list[End] = []
    for index, choice in enumerate(choices):
        yield frame.piece(index, {"role": "assistant", "content": ""})
        async with aclosing(choice) as said:
            async for words in _with_first(first if index == 0 else None, said):
                if isinstance(words, Text):
                    yield frame.piece(index, {"content": words.text})
                else:
                    ends.append(words)
                    last = {"usage": usage_of(ends)} if len(ends) == len(choices) else {}
                    yield frame.piece(index, {"content": ""}, words, **last)
    if asked.usage_apart:
        yield frame.usage_only(ends)
    limits.spent(time.monotonic(), usage_of(ends)["total_tokens"])
    yield DONE


async def _with_first(first: Text | End | None, said: Said) -> Said:
    if first is not None:
        yield first
    async for words in said:
        yield words


async def _collected(said: Said) -> tuple[str, End]:
    texts: list[str] = []
    async with aclosing(said):
        async for words in said:
            if isinstance(words, End):
                return "".join(texts), words
            texts.append(words.text)
    raise WorkerError("broken", "the answer had no end")


async def _body(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.body())
    except ValueError as error:
        raise refused(400, "Bad Request", f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise refused(400, "Bad Request", "the body is not a JSON object")
    return body


def _harmful(prompt: Prompt) -> bool:
    """Tell whether the endpoint's built-in content safety would refuse the prompt (by the local word list)."""
    return any(severity(category, text) >= FILTERED_FROM for category in CATEGORIES for _, text in prompt.messages)


def _model_name(endpoint: Endpoint) -> str:
    return endpoint.model.properties["baseModelId"].rpartition("/")[2]
