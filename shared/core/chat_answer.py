"""A model's answer, rebuilt from what is known of it: whatever a client will see is text that can be scanned.

The same shape serves whole answers (`message`) and pieces of a stream (`delta`). What we do not know is dropped:
a string that nobody scanned never leaves.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

TEXTS = ("reasoning_content", "content", "refusal")  # in the order in which they are read
REASONS = frozenset({"stop", "length", "tool_calls", "content_filter"})
COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens")


class UnreadableAnswer(ValueError):
    """The model's answer is not what a chat completion looks like."""


@dataclass(frozen=True)
class Answer:
    """One choice, or one piece of it: what goes out, and its strings by lane.

    A lane is a string that grows over the pieces of a stream, such as the content, or one tool call's arguments.
    """

    index: int
    words: Mapping[str, Any]  # OpenAI's `message` or `delta`, without the role
    logprobs: Mapping[str, Any] | None = None
    finish_reason: str | None = None
    lanes: Mapping[str, str] = field(default_factory=dict)

    @property
    def plain(self) -> bool:
        """Tell whether this is content and nothing else, so that it can be joined with the piece before."""
        return self.logprobs is None and self.words.keys() == {"content"}


def read_choices(answer: Any, words: str) -> list[Answer]:
    """Return the choices in an answer (`words` is "message") or a chunk ("delta"); raises UnreadableAnswer."""
    choices = answer.get("choices") if isinstance(answer, dict) else None
    if choices is None:  # a chunk that only counts
        return []
    if not isinstance(choices, list):
        raise UnreadableAnswer("no choices")
    return [_choice(choice, words) for choice in choices]


def _choice(choice: Any, name: str) -> Answer:
    if not isinstance(choice, dict):
        raise UnreadableAnswer("a choice is no object")
    index, spoken = choice.get("index"), choice.get(name)
    index = 0 if index is None else index
    if not isinstance(index, int) or isinstance(index, bool):
        raise UnreadableAnswer("a choice has no index")
    if spoken is None and name == "delta":
        spoken = {}
    if not isinstance(spoken, dict):
        raise UnreadableAnswer(f"a choice has no {name}")
    lanes: dict[str, str] = {}
    words: dict[str, Any] = {}
    for field_name in TEXTS:
        text = spoken.get(field_name)
        if text:
            words[field_name] = lanes[field_name] = _string(text)
    calls = spoken.get("tool_calls")
    if calls:
        words["tool_calls"] = [_tool_call(call, place, lanes, name) for place, call in enumerate(_list(calls))]
    logprobs = _logprobs(choice.get("logprobs"), lanes)
    reason = choice.get("finish_reason")
    if reason is not None:
        reason = reason if reason in REASONS else "stop"
    return Answer(index, words, logprobs, reason, lanes)


def _tool_call(call: Any, place: int, lanes: dict[str, str], name: str) -> dict[str, Any]:
    if not isinstance(call, dict):
        raise UnreadableAnswer("a tool call is no object")
    number = place if name == "message" or call.get("index") is None else call["index"]
    if not isinstance(number, int):
        raise UnreadableAnswer("a tool call's index is no number")
    function = call.get("function") or {}
    if not isinstance(function, dict):
        raise UnreadableAnswer("a tool call's function is no object")
    rebuilt: dict[str, Any] = {"index": number} if name == "delta" else {}
    if call.get("id"):
        rebuilt["id"] = _string(call["id"])
    if "type" in call or name == "message":
        rebuilt["type"] = "function"
    said = {key: function.get(key) for key in ("name", "arguments")}
    rebuilt["function"] = {key: _string(text) for key, text in said.items() if text is not None}
    for key, text in {"id": rebuilt.get("id"), **rebuilt["function"]}.items():
        if text:  # some servers give calls that are side by side the same index: both have to be read
            lane = f"tool_calls.{number}.{key}"
            lanes[lane] = lanes.get(lane, "") + text
    return rebuilt


def _logprobs(logprobs: Any, lanes: dict[str, str]) -> Mapping[str, Any] | None:
    """Return the log probabilities without `bytes` (text in numbers), their tokens put into lanes by rank."""
    if not isinstance(logprobs, dict) or not logprobs.get("content"):
        return None
    tokens = [_token(token) for token in _list(logprobs["content"])]
    chosen = "".join(token["token"] for token in tokens)
    if chosen != lanes.get("content"):
        lanes["logprobs"] = chosen
    for token in tokens:
        for rank, other in enumerate(token["top_logprobs"]):
            lanes[f"logprobs.{rank}"] = lanes.get(f"logprobs.{rank}", "") + other["token"]
    return {"content": tokens, "refusal": None}


def _token(token: Any, *, top: bool = True) -> dict[str, Any]:
    if not isinstance(token, dict):
        raise UnreadableAnswer("a token is no object")
    logprob = token.get("logprob")
    rebuilt: dict[str, Any] = {
        "token": _string(token.get("token")),
        "logprob": logprob if isinstance(logprob, int | float) else None,
        "bytes": None,
    }
    if top:
        rebuilt["top_logprobs"] = [_token(other, top=False) for other in _list(token.get("top_logprobs") or [])]
    return rebuilt


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise UnreadableAnswer("a text is no string")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise UnreadableAnswer("a list is none")
    return value


def read_usage(answer: Mapping[str, Any]) -> dict[str, int] | None:
    """Return the token counts of an answer or a chunk, or None where it has none."""
    usage = answer.get("usage")
    if not isinstance(usage, dict):
        return None
    counts = {name: usage[name] for name in COUNTS if isinstance(usage.get(name), int)}
    return counts or None


def envelope(kind: str, answer_id: str, created: int, model: str) -> dict[str, Any]:
    """Return the head that every answer and chunk has; nothing in it comes from the model."""
    return {"id": answer_id, "object": kind, "created": created, "model": model}


def message_choice(answer: Answer, results: Mapping[str, Any], *, blocked: bool) -> dict[str, Any]:
    """Return a whole answer's choice; a blocked one says why and nothing else."""
    message: dict[str, Any] = {"role": "assistant", "content": "", "refusal": None}
    if not blocked:
        message |= {"content": None if "tool_calls" in answer.words else ""} | dict(answer.words)
    return {
        "index": answer.index,
        "message": message,
        "logprobs": None if blocked else answer.logprobs,
        "finish_reason": "content_filter" if blocked else answer.finish_reason or "stop",
        "content_filter_results": results,
    }


def delta_choice(
    index: int,
    words: Mapping[str, Any],
    results: Mapping[str, Any] | None = None,
    *,
    logprobs: Mapping[str, Any] | None = None,
    finish_reason: str | None = None,
) -> dict[str, Any]:
    """Return a chunk's choice; `delta` is always there, since clients crash without it."""
    choice = {"index": index, "delta": words, "logprobs": logprobs, "finish_reason": finish_reason}
    return choice if results is None else choice | {"content_filter_results": results}


def joined(pieces: list[Answer]) -> Iterator[Answer]:
    """Yield the pieces of a stream with neighbours of plain content made one."""
    run: list[str] = []
    for piece in pieces:
        if piece.plain:
            run.append(piece.words["content"])
            continue
        if run:
            yield Answer(piece.index, {"content": "".join(run)})
            run = []
        yield piece
    if run:
        yield Answer(pieces[-1].index, {"content": "".join(run)})
