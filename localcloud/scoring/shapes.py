"""A serverless endpoint's answers as JSON, whole or as server-sent events."""

import json
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from localcloud.scoring_worker.wire import End

DONE = b"data: [DONE]\n\n"


@dataclass(frozen=True)
class Frame:
    """What all parts of one answer share."""

    model: str
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    created: int = field(default_factory=lambda: int(time.time()))

    def whole(self, texts: Sequence[str], ends: Sequence[End]) -> dict[str, Any]:
        """Return the whole answer."""
        choices = [
            {
                "index": index,
                "message": {"role": "assistant", "content": text, "tool_calls": None},
                "finish_reason": end.finish_reason,
                "logprobs": None,
            }
            for index, (text, end) in enumerate(zip(texts, ends, strict=True))
        ]
        return {**self._shared("chat.completion"), "choices": choices, "usage": usage_of(ends)}

    def piece(self, index: int, delta: dict[str, str], end: End | None = None, **more: object) -> bytes:
        """Return one event of a streamed answer."""
        reason = end.finish_reason if end else None
        choice = {"index": index, "delta": delta, "finish_reason": reason, "logprobs": None}
        return _event({**self._shared("chat.completion.chunk"), "choices": [choice], **more})

    def usage_only(self, ends: Sequence[End]) -> bytes:
        """Return the event without choices that OpenAI's stream_options ask for."""
        return _event({**self._shared("chat.completion.chunk"), "choices": [], "usage": usage_of(ends)})

    def _shared(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}


def usage_of(ends: Sequence[End]) -> dict[str, int]:
    """Return how many tokens the prompt and all choices took."""
    prompt, completion = ends[0].prompt_tokens, sum(end.completion_tokens for end in ends)
    return {"prompt_tokens": prompt, "total_tokens": prompt + completion, "completion_tokens": completion}


def _event(body: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(body, ensure_ascii=False).encode() + b"\n\n"
