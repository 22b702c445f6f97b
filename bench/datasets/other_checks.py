"""Two checks that people use today, rebuilt here from what they are described to look at."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

ROLES = {"system", "user", "assistant", "tool", "function"}
KEYS = {"role", "content", "name", "weight", "function_call", "tool_calls", "tool_call_id"}


class WrongLine(Exception):
    """The first line with an error ends the check."""


def first_error(path: Path) -> None:
    """Raise WrongLine at the first line that is not like the others or no conversation that takes turns."""
    kinds: set[str] = set()
    with path.open(encoding="utf-8") as file:
        for _ in file:  # once to see that it is UTF-8
            pass
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            value = json.loads(line)
            if not isinstance(value, dict) or not value:
                raise WrongLine(f"line {number}: no object")
            kinds.add("chat" if "messages" in value else "other")
            if len(kinds) > 1 or value.keys() - {"messages", "tools"}:
                raise WrongLine(f"line {number}: another format")
            _conversation(value["messages"], number)


def _conversation(messages: Any, number: int) -> None:
    """Raise WrongLine where the messages are not what a conversation is made of."""
    if not isinstance(messages, list) or not messages:
        raise WrongLine(f"line {number}: no messages")
    before, answered = "", False
    for message in messages:
        if not isinstance(message, dict) or "role" not in message or "content" not in message:
            raise WrongLine(f"line {number}: a message without role or content")
        role, content, weight = message["role"], message["content"], message.get("weight")
        if role not in ROLES or not isinstance(content, str | None):
            raise WrongLine(f"line {number}: a wrong role or content")
        if weight is not None and (not isinstance(weight, int) or weight not in (0, 1)):
            raise WrongLine(f"line {number}: a wrong weight")
        if role == before and role != "tool":
            raise WrongLine(f"line {number}: the same role twice")
        before, answered = role, answered or role == "assistant"
    if not answered:
        raise WrongLine(f"line {number}: no answer")


def count_errors(path: Path) -> Counter[str]:
    """Return how often each of seven kinds of errors stands in the file, all of which is in memory."""
    with path.open(encoding="utf-8") as file:
        dataset = [json.loads(line) for line in file]
    errors: Counter[str] = Counter()
    lengths: list[int] = []
    for example in dataset:
        messages = example.get("messages") if isinstance(example, dict) else None
        if not isinstance(example, dict) or not messages:
            errors["no object" if messages is None else "no messages"] += 1
            continue
        for message in messages:
            errors["missing key"] += "role" not in message or "content" not in message
            errors["unknown key"] += any(key not in KEYS for key in message)
            errors["unknown role"] += message.get("role") not in ROLES
            content = message.get("content")
            called = message.get("function_call") or message.get("tool_calls")
            errors["no content"] += (not content and not called) or not isinstance(content, str | None)
        errors["no answer"] += not any(message.get("role") == "assistant" for message in messages)
        lengths.append(sum(len(str(value)) for message in messages for value in message.values()))
    return errors
