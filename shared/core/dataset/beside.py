"""What a line holds beside what is learned from it: names, tools, other keys; or all that a broken line says."""

import codecs
import json
from collections.abc import Iterator
from typing import Any

LEARNED = frozenset({"role", "content", "tool_calls", "function_call"})
_KNOWN = frozenset({"name", "tool_call_id", "tools", "functions", "parallel_tool_calls"})  # told in a path
Beside = tuple[tuple[str, str], ...]  # path and text


def beside_messages(line: bytes) -> Beside:
    """Return path and text of what an example without errors holds beside what it teaches."""
    example = json.loads(line)
    found = [(_path("$", key), flat({key: value})) for key, value in example.items() if key != "messages"]
    for place, message in enumerate(example["messages"]):
        above = f"$.messages[{place}]"
        found += [(_path(above, key), flat({key: message[key]})) for key in message if key not in LEARNED]
    return tuple(found)


def _path(above: str, key: str) -> str:
    """Return the path of a key; an unknown one may be a text of its own, so it is not named."""
    return f"{above}.{key}" if key in _KNOWN else above


def text_of_line(line: bytes) -> str:
    """Return what a line with errors says: its keys and values where it is JSON, else itself."""
    text = line.decode("utf-8", "replace")
    try:
        return flat(json.loads(text))
    except (ValueError, RecursionError):
        return text.replace("\\/", "/").replace("\\n", "\n")


def flat(value: Any) -> str:
    """Return the keys and values of a JSON value, one pair to a line."""
    return "\n".join(_flat("", value))


def _flat(key: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inside, each in value.items():
            yield from _flat(inside, each)
    elif isinstance(value, list):
        for each in value:
            yield from _flat(key, each)
    else:
        yield f"{key}: {value}" if key else str(value)


def is_text(head: bytes) -> bool:
    """Tell whether the beginning of a file is of a text at all, UTF-8."""
    try:
        return "\0" not in codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
