"""Is a line an example in the chat format, and if it is another format, which one?"""

from collections.abc import Iterator
from typing import Any

from shared.core.base_models import BaseModel
from shared.core.dataset.findings import Fault, shown
from shared.core.dataset.messages import message_faults
from shared.core.dataset.turns import turn_faults

OTHER_FORMATS = (
    (("prompt", "completion"), "prompt/completion"),
    (("input", "preferred_output"), "preference pairs (DPO)"),
    (("prompt", "chosen"), "preference pairs (DPO)"),
    (("instruction", "output"), "instruction/output (Alpaca)"),
    (("conversations",), "conversations (ShareGPT)"),
    (("contents",), "contents (Gemini)"),
    (("question", "answer"), "question/answer"),
    (("input", "output"), "input/output"),
    (("text",), "plain text"),
)
KNOWN_KEYS = {"messages"}
TOOL_KEYS = {"tools", "parallel_tool_calls", "functions"}
MOST_MESSAGES = 1000


def example_faults(value: Any, profile: BaseModel) -> Iterator[Fault]:
    """Yield everything that is wrong with the structure of one example."""
    if not isinstance(value, dict):
        yield Fault("R02", "$", f"the line is {_kind(value)}, not an object")
        return
    other = _other_format(value)
    if other is not None:
        yield Fault("R04", "$", f"the line is in the format {other}, not in the chat format")
    if "messages" not in value:
        if other is None:
            yield Fault("R03", "$", 'no "messages"')
        return
    if _is_to_be_graded(value):
        yield Fault(
            "R04", "$", "the line is in the format of reinforcement fine-tuning: prompts with what grades them"
        )
    known = KNOWN_KEYS | TOOL_KEYS if profile.tools else KNOWN_KEYS
    for key in sorted(value.keys() - known)[:5]:
        yield Fault("R05", "$", f"unknown key {shown(key)}")
    yield from _messages_faults(value["messages"], profile)


def _messages_faults(messages: Any, profile: BaseModel) -> Iterator[Fault]:
    """Yield what is wrong with the list of messages."""
    if not isinstance(messages, list) or not messages:
        reason = "is empty" if messages == [] else f"is {_kind(messages)}, not a list"
        yield Fault("R03", "$.messages", f'"messages" {reason}')
        return
    if len(messages) > MOST_MESSAGES:
        yield Fault("R03", "$.messages", f"{len(messages)} messages; one example has at most {MOST_MESSAGES}")
        return
    for place, message in enumerate(messages):
        yield from message_faults(message, f"$.messages[{place}]", profile)
    if all(isinstance(message, dict) for message in messages):
        yield from turn_faults(messages, profile)


def _other_format(value: dict[str, Any]) -> str | None:
    """Return the name of another well-known format, or None."""
    return next((name for keys, name in OTHER_FORMATS if all(key in value for key in keys)), None)


def _is_to_be_graded(value: dict[str, Any]) -> bool:
    """Tell whether the line ends with a prompt, and other keys hold what an answer to it is graded by."""
    messages, others = value["messages"], value.keys() - KNOWN_KEYS - TOOL_KEYS
    last = messages[-1] if isinstance(messages, list) and messages else None
    return bool(others) and isinstance(last, dict) and last.get("role") == "user"


def _kind(value: Any) -> str:
    """Return what JSON calls this kind of value."""
    kinds = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")
