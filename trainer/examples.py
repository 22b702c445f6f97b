"""Reads a dataset: one chat example per line, as OpenAI and Azure write them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from trainer.errors import UserError

ROLES = ("system", "user", "assistant")
CONTROL_TOKENS = ("<|system|>", "<|user|>", "<|assistant|>", "<|end|>", "<|endoftext|>")
WANTED = '{"messages": [{"role": "user", "content": "..."}, {"role": "assistant", "content": "..."}]}'


@dataclass(frozen=True)
class Message:
    """What one side said."""

    role: str
    content: str


@dataclass(frozen=True)
class Example:
    """One conversation that the model shall learn to continue."""

    line: int
    messages: tuple[Message, ...]

    def last_answer(self) -> tuple[tuple[Message, ...], str]:
        """Return the messages before the last answer, and that answer."""
        at = max(i for i, message in enumerate(self.messages) if message.role == "assistant")
        return self.messages[:at], self.messages[at].content


def read_examples(path: Path) -> list[Example]:
    """Return the examples of a JSONL file; the first bad line stops the program with its number."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(str(path), f"is not UTF-8 text ({error.reason})", "save it as UTF-8") from error
    except OSError as error:
        reason = error.strerror or "unreadable"
        raise UserError(str(path), f"cannot be read ({reason})", "give the path of a JSONL file") from error
    lines = enumerate(text.split("\n"), start=1)
    examples = [_example(path, number, line) for number, line in lines if line.strip()]
    if not examples:
        raise UserError(str(path), "holds no examples", f"write one example per line: {WANTED}")
    return examples


def _example(path: Path, number: int, line: str) -> Example:
    where = f"{path}, line {number}"
    try:
        record = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise UserError(where, f"is not JSON ({error})", f"write the line as {WANTED}") from error
    found = record.get("messages") if isinstance(record, dict) else None
    if not isinstance(found, list) or not found:
        raise UserError(where, 'has no list "messages"', f"write the line as {WANTED}")
    messages = tuple(_message(f"{where}, messages[{i}]", item) for i, item in enumerate(found))
    if not any(message.role == "assistant" for message in messages):
        raise UserError(where, "has no assistant message", "add the answer that the model shall learn")
    return Example(number, messages)


def _message(where: str, item: object) -> Message:
    record = item if isinstance(item, Mapping) else {}
    role, content = record.get("role"), record.get("content")
    if role not in ROLES:
        raise UserError(where, f"has the role {json.dumps(role)}", f"use one of {', '.join(ROLES)}")
    if not isinstance(content, str) or not content.strip():
        raise UserError(where, 'has no text in "content"', "write what was said as a string")
    for token in CONTROL_TOKENS:
        if token in content:
            raise UserError(where, f"contains the control token {token}", "remove it from the text")
    return Message(str(role), content)
