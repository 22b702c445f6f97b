"""How fast is the dataset check? CPU time beside parsers that check nothing, all from one run.

Usage: python -m bench.dataset [megabytes]
"""

import json
import random
import sys
import time
from collections.abc import Callable
from datetime import date
from typing import Literal

import msgspec

from shared.core.base_models import base_model
from shared.core.dataset import check_dataset
from shared.core.dataset.findings import Findings
from shared.core.dataset.reading import read
from shared.core.dataset.rules import RULES

ENGLISH = (
    "the order parcel refund arrives monday your account please open settings it's again a of to we will check"
)
MIXED = ENGLISH + " größe naïve €5 I’m 再"
CHUNK = 4 * 2**20


class Message(msgspec.Struct):
    """A message, as the typed floor reads it."""

    role: Literal["system", "user", "assistant"]
    content: str


class Example(msgspec.Struct):
    """An example, as the typed floor reads it."""

    messages: list[Message]


def chats(megabytes: int, words: str, *, ascii_only: bool) -> bytes:
    """Return about so many megabytes of invented chats, in lines of about 1 KB."""
    draw, known = random.Random(7), words.split()
    lines: list[bytes] = []
    size = 0
    while size < megabytes * 1_000_000:
        messages = [{"role": "system", "content": "You help the customers of a shop."}]
        for _ in range(draw.choice((1, 1, 1, 2, 3))):
            for role in ("user", "assistant"):
                end = draw.choice(("", "", "", ' "so"', "\nBye"))
                messages.append(
                    {"role": role, "content": " ".join(draw.choices(known, k=draw.randint(20, 110))) + end}
                )
        lines.append(json.dumps({"messages": messages}, ensure_ascii=ascii_only).encode())
        size += len(lines[-1]) + 1
    return b"\n".join(lines) + b"\n"


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return the best CPU time of five runs."""
    best = float("inf")
    for _ in range(5):
        begin = time.process_time()
        work()
        best = min(best, time.process_time() - begin)
    return best


def compare(name: str, content: bytes) -> None:
    """Print the speed of each contestant on this content."""
    chunks = [content[start : start + CHUNK] for start in range(0, len(content), CHUNK)]
    profile, typed = base_model("Phi-4-mini-instruct"), msgspec.json.Decoder(Example).decode
    contestants: dict[str, Callable[[], object]] = {
        "split into lines": lambda: content.split(b"\n"),
        "json.loads": lambda: sum(json.loads(line) is None for line in content.splitlines()),
        "msgspec typed decode": lambda: sum(typed(line) is None for line in content.splitlines()),
        "check: all rules of lines": lambda: read(chunks, profile, Findings(RULES, "x.jsonl")),
        "check: all, with split": lambda: check_dataset(
            lambda: chunks, None, None, "x.jsonl", today=date(2026, 1, 1)
        ),
    }
    took = {what: cpu_seconds(work) for what, work in contestants.items()}
    print(f"\n{name}: {len(content) / 1e6:.0f} MB, {content.count(10)} lines")
    for what, seconds in took.items():
        ratio = took["msgspec typed decode"] / seconds
        print(f"{what:26} {len(content) / 1e6 / seconds:7.0f} MB/s of CPU time   {ratio:6.2f} of the typed decode")


def main(megabytes: int) -> None:
    compare("English", chats(megabytes, ENGLISH, ascii_only=False))
    compare("mixed, UTF-8", chats(megabytes, MIXED, ascii_only=False))
    compare("mixed, \\u escapes", chats(megabytes, MIXED, ascii_only=True))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
