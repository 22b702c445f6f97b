"""What the endpoints of some base models cannot do, and what becomes of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from shared.core.base_models import Route, base_models
from shared.core.chat_request import ChatRequest, Part, Source
from shared.core.openai_errors import ApiError


def folds_system(base_model: str) -> bool:
    """Tell whether a base model ignores system messages behind its endpoint.

    Microsoft's pages say so of the Phi-3 family's serverless endpoints ("don't support system messages"); Phi-4
    honours them, as our own training and scoring script do, so by default they are sent as they are.
    """
    return _phi_3(base_model) and not _managed(base_model)


def as_sent(base_model: str, request: ChatRequest) -> ChatRequest:
    """Return the request as the base model gets it: what is checked is read in the order in which the model does.

    System text that becomes a user's is looked at as such, also for attacks.
    """
    if not folds_system(base_model):
        return request
    system = tuple(text for part in request.parts if part.source is Source.SYSTEM for text in part.contents)
    parts = [part for part in request.parts if part.source is not Source.SYSTEM]
    if all(part.source is not Source.USER for part in parts):
        parts.insert(0, Part("messages", (), Source.USER))
    first = next(place for place, part in enumerate(parts) if part.source is Source.USER)
    user = parts[first]
    parts[first] = replace(user, strings=system + user.strings, contents=system + user.contents)
    messages = without_system(request.forwarded["messages"])
    return replace(request, forwarded={**request.forwarded, "messages": messages}, parts=tuple(parts))


def without_system(messages: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the messages with all system text at the head of the first user turn."""
    system = "\n\n".join(message["content"] for message in messages if message["role"] == "system")
    rest = [message for message in messages if message["role"] != "system"]
    first = next((place for place, message in enumerate(rest) if message["role"] == "user"), None)
    if not system:
        return rest
    if first is None:
        return [{"role": "user", "content": system}, *rest]
    joined = {**rest[first], "content": f"{system}\n\n{rest[first]['content']}"}
    return [*rest[:first], joined, *rest[first + 1 :]]


def refuse_unsupported(base_model: str, forwarded: Mapping[str, Any]) -> None:
    """Raise ApiError where the request uses tools and the base model has none.

    Only the Phi-3 family is documented so; of others the endpoint itself says what it does not take.
    """
    if not _phi_3(base_model):
        return
    used = "tools" if forwarded.get("tools") else _turn_with_tools(forwarded["messages"])
    if used is not None:
        message = f"{base_model} has no tools, so {used!r} cannot be used with this model."
        raise ApiError(400, message, "unsupported_parameter", param=used)


def _turn_with_tools(messages: Sequence[Mapping[str, Any]]) -> str | None:
    for place, message in enumerate(messages):
        if message["role"] == "tool" or "tool_calls" in message:
            return f"messages[{place}]"
    return None


def _managed(base_model: str) -> bool:
    known = base_models().get(base_model)
    return known is not None and known.route is Route.MANAGED


def _phi_3(base_model: str) -> bool:
    return base_model.lower().startswith("phi-3")
