"""Tool calls in an example: whole, and each with its answer."""

import json
from collections.abc import Iterator
from typing import Any

from shared.core.base_models import BaseModel
from shared.core.dataset.findings import Fault


def tool_faults(messages: list[dict[str, Any]], profile: BaseModel) -> Iterator[Fault]:
    """Yield what is wrong with the tool calls, and any of them where the base model is not tuned with tools."""
    with_calls = [place for place, message in enumerate(messages) if _calls_tools(message)]
    if with_calls and not profile.tools:
        yield Fault("R21", f"$.messages[{with_calls[0]}]", f"{profile.name} is not fine-tuned with tool calls")
        return
    open_calls: dict[str, str] = {}
    for place, message in enumerate(messages):
        path = f"$.messages[{place}]"
        if message.get("role") == "tool":
            if open_calls.pop(str(message.get("tool_call_id")), None) is None:
                yield Fault("R21", f"{path}.tool_call_id", "the tool's answer belongs to no call before it")
        elif message.get("tool_calls"):
            yield from _call_faults(message["tool_calls"], f"{path}.tool_calls", open_calls)
    last = f"$.messages[{len(messages) - 1}]"  # a call at the end is what the model shall learn to make
    for path in open_calls.values():
        if not path.startswith(last):
            yield Fault("R21", path, "the tool call has no answer")


def _calls_tools(message: dict[str, Any]) -> bool:
    """Tell whether the message calls a tool or answers a call."""
    return bool(message.get("tool_calls") or message.get("function_call") or message.get("tool_call_id"))


def _call_faults(calls: Any, path: str, open_calls: dict[str, str]) -> Iterator[Fault]:
    """Yield what is wrong with the calls of one message; note those that wait for an answer."""
    if not isinstance(calls, list):
        yield Fault("R21", path, "the tool calls are no list")
        return
    for place, call in enumerate(calls):
        here = f"{path}[{place}]"
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(function, dict) or not isinstance(call.get("id"), str):
            yield Fault("R21", here, "the tool call needs an id and a function")
            continue
        open_calls[call["id"]] = here
        if not isinstance(function.get("name"), str) or not _is_json_text(function.get("arguments")):
            yield Fault("R21", here, "the function needs a name, and arguments as a text of JSON")


def _is_json_text(arguments: Any) -> bool:
    """Tell whether the arguments are a text that holds JSON."""
    try:
        return isinstance(arguments, str) and isinstance(json.loads(arguments), dict)
    except (ValueError, RecursionError):
        return False
