"""Answers in OpenAI's shapes, whole or as server-sent events."""

import json
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from scorer.prompt import End, Text

DONE = b"data: [DONE]\n\n"
Pieces = Iterable[tuple[int, Text | End]]  # (index of the choice, what came), one choice after the other


@dataclass(frozen=True)
class Frame:
    """What all parts of one answer share."""

    model: str
    id: str = field(default_factory=lambda: f"chatcmpl-{uuid.uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))

    def whole(self, pieces: Pieces) -> bytes:
        """Return the whole answer, once all of it is there."""
        texts: dict[int, str] = {}
        ends: list[End] = []
        for index, piece in pieces:
            texts.setdefault(index, "")
            if isinstance(piece, Text):
                texts[index] += piece.text
            else:
                ends.append(piece)
        choices = [
            {
                "index": index,
                "message": {"role": "assistant", "content": texts[index], "tool_calls": None},
                "finish_reason": end.finish_reason,
                "logprobs": None,
            }
            for index, end in enumerate(ends)
        ]
        return _json({**self._shared("chat.completion"), "choices": choices, "usage": usage_of(ends)})

    def streamed(self, pieces: Pieces, choices: int, *, usage_apart: bool) -> Iterator[bytes]:
        """Yield the answer's events; the last one with content carries the usage."""
        ends: list[End] = []
        speaking = -1
        for index, piece in pieces:
            if index != speaking:
                speaking = index
                yield self._chunk(index, {"role": "assistant", "content": ""})
            if isinstance(piece, Text):
                yield self._chunk(index, {"content": piece.text})
            else:
                ends.append(piece)
                last = {"usage": usage_of(ends)} if len(ends) == choices else {}
                yield self._chunk(index, {"content": ""}, piece, **last)
        if usage_apart:
            yield _event({**self._shared("chat.completion.chunk"), "choices": [], "usage": usage_of(ends)})
        yield DONE

    def _chunk(self, index: int, delta: dict[str, str], end: End | None = None, **more: object) -> bytes:
        reason = end.finish_reason if end else None
        choice = {"index": index, "delta": delta, "finish_reason": reason, "logprobs": None}
        return _event({**self._shared("chat.completion.chunk"), "choices": [choice], **more})

    def _shared(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}


def usage_of(ends: Sequence[End]) -> dict[str, int]:
    """Return how many tokens the prompt and all choices took."""
    prompt, completion = ends[0].prompt_tokens, sum(end.completion_tokens for end in ends)
    return {"prompt_tokens": prompt, "total_tokens": prompt + completion, "completion_tokens": completion}


def error_event(body: bytes) -> bytes:
    """Return the event with which a stream breaks off; none follows it."""
    return b"data: " + body + b"\n\n"


def _event(body: dict[str, Any]) -> bytes:
    return b"data: " + _json(body) + b"\n\n"


def _json(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()
