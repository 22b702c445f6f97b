"""Content Safety, Azure ML's keys and a model behind one socket: they record what they hear and fail as told."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from tests.fakes_inference import ATTACK, BAD, CLEAN, LISTED, LYRICS, USAGE, deltas, message

RAW = "raw words of the service, never to be passed on"
KEY = "the-endpoints-own-key"
CUT, HANG = "cut", "hang"  # in place of a chunk


def reply(body: Any, status: int = 200, **headers: str) -> Response:
    content = body if isinstance(body, bytes) else json.dumps(body)
    return Response(content, status, headers={name.replace("_", "-"): value for name, value in headers.items()})


def cut_off() -> Response:
    """Return an answer that ends before it is whole: the connection is closed."""
    return events(CUT)


def events(*chunks: Any) -> Response:
    async def content() -> AsyncIterator[bytes]:
        for chunk in chunks:
            if chunk == CUT:
                raise ConnectionError("as told")
            if chunk == HANG:
                await asyncio.Event().wait()
            yield chunk if isinstance(chunk, bytes) else f"data: {json.dumps(chunk)}\n\n".encode()
            await asyncio.sleep(0)

    return StreamingResponse(content(), media_type="text/event-stream")


@dataclass(frozen=True)
class Fault:
    """How an operation fails, from its n-th call on."""

    operation: str
    answer: Callable[[], Response]
    since: int = 1


@dataclass
class FakeAzure:
    """What the services say, and what they were asked."""

    choices: Sequence[Any] = field(default_factory=lambda: [message("Hello there.")])
    chunks: Sequence[Any] = field(default_factory=lambda: deltas("Hello ", "there."))
    each: Sequence[Sequence[Any]] = ()  # choices or chunks, call by call
    faults: Sequence[Fault] = ()
    calls: dict[str, list[Any]] = field(default_factory=dict)
    open: int = 0

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{path:path}", self.answer, methods=["POST"])])

    async def answer(self, request: Request) -> Response:
        raw = await request.body()
        operation = _operation(request.url.path)
        asked = json.loads(raw) if raw else None
        self.calls.setdefault(operation, []).append(asked)
        for fault in self.faults:
            if fault.operation == operation and len(self.calls[operation]) >= fault.since:
                return fault.answer()
        return getattr(self, f"_{operation}")(asked)

    def _keys(self, _asked: Any) -> Response:
        return reply({"primaryKey": KEY, "secondaryKey": "other"})

    def _analyze(self, asked: Mapping[str, Any]) -> Response:
        assert len(asked["text"]) <= 10_000
        found = {**CLEAN, "Violence": 6 if BAD in asked["text"] else 0}
        listed = [
            {"blocklistName": name, "blocklistItemId": "1", "blocklistItemText": LISTED}
            for name in asked.get("blocklistNames", [])
            if LISTED in asked["text"]
        ]
        severities = [{"category": name, "severity": severity} for name, severity in found.items()]
        return reply({"blocklistsMatch": listed, "categoriesAnalysis": severities})

    def _shield(self, asked: Mapping[str, Any]) -> Response:
        documents = [{"attackDetected": ATTACK in text} for text in asked["documents"]]
        prompt = {"attackDetected": ATTACK in asked["userPrompt"]}
        return reply({"userPromptAnalysis": prompt, "documentsAnalysis": documents})

    def _protected(self, asked: Mapping[str, Any]) -> Response:
        return reply({"protectedMaterialAnalysis": {"detected": LYRICS in asked["text"]}})

    def _model(self, asked: Mapping[str, Any]) -> Response:
        place = len(self.calls["model"]) - 1
        if asked.get("stream"):
            return events(*(self.each[place] if self.each else self.chunks), b"data: [DONE]\n\n")
        choices = self.each[place] if self.each else self.choices
        return reply({"choices": choices, "usage": USAGE, "system_fingerprint": BAD})


def _operation(path: str) -> str:
    if path.endswith("/listKeys"):
        return "keys"
    known = {"text:analyze": "analyze", "text:shieldPrompt": "shield", "text:detectProtectedMaterial": "protected"}
    return known.get(path.rpartition("/")[2], "model")
