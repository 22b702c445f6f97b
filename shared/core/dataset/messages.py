"""What one message of an example must be, whatever stands around it."""

import re
from collections.abc import Iterator
from typing import Any

from shared.core.base_models import BaseModel
from shared.core.dataset.findings import Fault, shown

KNOWN_KEYS = {"role", "content", "name", "weight"}
TOOL_KEYS = {"tool_calls", "tool_call_id", "function_call"}
_IMAGES = ("image", "image_url", "input_image")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def message_faults(message: Any, path: str, profile: BaseModel) -> Iterator[Fault]:
    """Yield what is wrong with one message by itself."""
    if not isinstance(message, dict):
        yield Fault("R06", path, "the message is not an object")
        return
    role = message.get("role")
    if role is None:
        yield Fault("R06", path, "the message has no role")
    elif role not in profile.roles:
        yield Fault("R07", f"{path}.role", f"{profile.name} knows no role {shown(role)}")
    for key in sorted(message.keys() - KNOWN_KEYS - TOOL_KEYS)[:5]:
        yield Fault("R08", path, f"unknown key {shown(key)}")
    yield from _content_faults(message, path)
    if not _is_name(message.get("name")):
        yield Fault("R29", f"{path}.name", "the name is not of 1 to 64 letters, digits, _ and -")
    if "weight" in message:
        yield from _weight_faults(message["weight"], role, f"{path}.weight")


def _content_faults(message: dict[str, Any], path: str) -> Iterator[Fault]:
    """Yield what is wrong with the content; a message with tool calls needs none."""
    content, role = message.get("content"), message.get("role")
    if content is None:
        if not message.get("tool_calls") and not message.get("function_call"):
            yield Fault("R10", f"{path}.content", "the message has no content")
    elif not isinstance(content, str):
        if _has_image(content):
            yield Fault("R26", f"{path}.content", "the content holds an image")
        else:
            yield Fault("R09", f"{path}.content", "the content is not a text")
    elif not content.strip() and not message.get("tool_calls"):
        code = "R11b" if role == "system" else "R11"
        yield Fault(code, f"{path}.content", f"the {_speaker(role)} text is blank")


def _has_image(content: Any) -> bool:
    """Tell whether a content is of parts, one of which is an image."""
    parts = content if isinstance(content, list) else ()
    return any(isinstance(part, dict) and part.get("type") in _IMAGES for part in parts)


def _is_name(name: Any) -> bool:
    """Tell whether OpenAI would take this for a name; none is one, too."""
    return name is None or (isinstance(name, str) and _NAME.fullmatch(name) is not None)


def _weight_faults(weight: Any, role: Any, path: str) -> Iterator[Fault]:
    """Yield what is wrong with a weight; true is no 1."""
    if type(weight) is not int or weight not in (0, 1):
        yield Fault("R18", path, "the weight is neither 0 nor 1")
    if role != "assistant":
        yield Fault("R19", path, f"the {_speaker(role)} message has a weight")


def _speaker(role: Any) -> str:
    """Return whose message it is."""
    return f"{role}'s" if role in ("system", "user", "assistant", "tool") else "message's"
