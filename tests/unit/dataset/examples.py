"""Builds lines and files for the tests of the dataset check."""

import json
from collections.abc import Iterable
from datetime import date
from typing import Any

from shared.core.dataset import check_dataset
from shared.core.dataset.report import Report

TODAY = date(2026, 11, 20)


def say(role: str, content: Any, **further: Any) -> dict[str, Any]:
    return {"role": role, "content": content, **further}


def line(*messages: Any, **further: Any) -> bytes:
    return json.dumps({"messages": list(messages), **further}, ensure_ascii=False).encode()


def good(number: int) -> bytes:
    return line(say("system", "Help."), say("user", f"Question {number}?"), say("assistant", f"Answer {number}."))


def file_of(*lines: bytes, fill: int = 0) -> bytes:
    """The lines, then as many good ones."""
    return b"".join(each + b"\n" for each in (*lines, *(good(number) for number in range(fill))))


def check(
    content: bytes | Iterable[bytes],
    validation: bytes | None = None,
    manifest: bytes | None = None,
    path: str = "support.jsonl",
    **further: Any,
) -> Report:
    chunks = [content] if isinstance(content, bytes) else list(content)
    beside = None if validation is None else lambda: [validation]
    return check_dataset(lambda: chunks, beside, manifest, path, today=TODAY, **further)


def codes(report: Report) -> set[str]:
    """All codes found but the notes on spelling and on few examples, which most small files have."""
    return {finding.code for finding in report.findings} - {"F08", "D02", "D02b"}
