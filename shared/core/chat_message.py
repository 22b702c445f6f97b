"""One message of a request, rebuilt from what is known of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shared.core.openai_errors import ApiError, bad_request

ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant", "tool": "tool"}
KNOWN = frozenset({"role", "content", "name", "tool_calls", "tool_call_id"})
ECHOED = frozenset(
    {"refusal", "annotations", "audio", "reasoning_content"}
)  # clients send answers back as they came
TEXT_PARTS = {"text": "text", "refusal": "refusal"}  # type of a content part -> where its text is


@dataclass(frozen=True)
class Message:
    """A message as the model gets it, and its strings: those of its content, then names, ids and calls."""

    role: str
    forwarded: Mapping[str, Any]
    contents: tuple[str, ...]
    others: tuple[str, ...]


def read_message(message: Any, place: str) -> Message:
    """Return the message; raises ApiError that names the place of what cannot be scanned or is not understood.

    Content parts are joined to one string, since the models' chat templates take nothing else; what an answer
    carries besides its text and tool calls (`refusal`, `annotations`, ...) is dropped when it is sent back to us.
    """
    if not isinstance(message, dict):
        raise _invalid(place)
    given = {name: value for name, value in message.items() if value is not None}
    unknown = next((name for name in given if name not in KNOWN | ECHOED), None)
    if unknown is not None:
        place = f"{place}.{unknown[:100]}"
        raise bad_request(f"Unknown parameter: {place!r}.", "unknown_parameter", place)
    role = ROLES.get(given["role"]) if isinstance(given.get("role"), str) else None
    if role is None:
        raise _invalid(f"{place}.role")
    texts = list(_texts(given.get("content"), f"{place}.content", role))
    calls = [_tool_call(call, f"{place}.tool_calls[{n}]") for n, call in enumerate(_calls(given, place))]
    labels = {name: _string(given[name], f"{place}.{name}") for name in ("name", "tool_call_id") if name in given}
    forwarded: dict[str, Any] = {"role": role, "content": "\n".join(texts), **labels}
    if calls:
        forwarded["tool_calls"] = calls
    called = [text for call in calls for text in (call["id"], *call["function"].values())]
    return Message(role, forwarded, tuple(texts), (*labels.values(), *called))


def _texts(content: Any, place: str, role: str) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, list) and content:
        for number, part in enumerate(content):
            yield _text_of(part, f"{place}[{number}]")
    elif content is not None or role != "assistant":
        raise _invalid(place)


def _text_of(part: Any, place: str) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, dict):
        raise _invalid(place)
    key = TEXT_PARTS.get(part.get("type", "")) if isinstance(part.get("type"), str) else None
    if key is None:
        message = f"{place} is no text. Only text can be checked here, so nothing else is accepted."
        raise bad_request(message, "unsupported_content", place)
    return _string(part.get(key), f"{place}.{key}")


def _calls(given: Mapping[str, Any], place: str) -> list[Any]:
    calls = given.get("tool_calls", [])
    if not isinstance(calls, list):
        raise _invalid(f"{place}.tool_calls")
    return calls


def _tool_call(call: Any, place: str) -> dict[str, Any]:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict):
        raise _invalid(place)
    named = {name: _string(function.get(name, ""), f"{place}.function.{name}") for name in ("name", "arguments")}
    return {"id": _string(call.get("id", ""), f"{place}.id"), "type": "function", "function": named}


def _string(value: Any, place: str) -> str:
    if not isinstance(value, str):
        raise _invalid(place)
    return value


def _invalid(place: str) -> ApiError:
    return bad_request(f"Invalid value for {place!r}.", "invalid_value", place)
