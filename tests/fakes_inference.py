"""In-memory stand-ins for the inference ports: what they are asked is recorded, what they say is scripted."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.ports import Analysis, Attacks, Deployment
from tests.fakes.faulty import Faulty

BAD = "BADWORD"  # what the fake finds harmful, exactly as written
ATTACK = "JAILBREAK"
LISTED = "LISTEDWORD"  # on every blocklist
LYRICS = "SOMEBODYS SONG"
CLEAN = {"Hate": 0, "SelfHarm": 0, "Sexual": 0, "Violence": 0}
Trouble = Callable[[], Awaitable[None]]


async def no_trouble() -> None:
    """Let the call pass."""


def raising(error: Exception) -> Trouble:
    """Let each call fail."""

    async def trouble() -> None:
        raise error

    return trouble


async def hanging() -> None:
    """Never come back."""
    await asyncio.Event().wait()


@dataclass
class FakeSafety(Faulty):
    """Content Safety that knows one bad word and one attack, looked for in the text exactly as given."""

    trouble: Trouble = no_trouble
    analysed: list[str] = field(default_factory=list)
    shielded: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    compared: list[str] = field(default_factory=list)
    severity: int = 6

    def __post_init__(self) -> None:
        super().__init__()

    async def analyze(self, text: str, blocklists: Sequence[str] = ()) -> Analysis:
        assert 0 < len(text) <= 10_000
        self.analysed.append(text)
        with self._call("analyze"):
            await self.trouble()
            listed = tuple(name for name in blocklists if LISTED in text)
            return Analysis({**CLEAN, "Violence": self.severity if BAD in text else 0}, listed)

    async def attacks(self, prompt: str, documents: Sequence[str]) -> Attacks:
        assert 0 < len(prompt) <= 10_000
        assert len(documents) <= 5
        assert sum(map(len, documents)) <= 10_000
        self.shielded.append((prompt, tuple(documents)))
        with self._call("attacks"):
            await self.trouble()
            return Attacks(ATTACK in prompt, any(ATTACK in text for text in documents) if documents else None)

    async def protected(self, text: str) -> bool:
        assert 110 <= len(text) <= 10_000
        self.compared.append(text)
        with self._call("protected"):
            await self.trouble()
            return LYRICS in text


def message(content: str, **more: Any) -> dict[str, Any]:
    """Return a choice of a whole answer."""
    return {"index": 0, "message": {"role": "assistant", "content": content, **more}, "finish_reason": "stop"}


def deltas(*texts: str, index: int = 0, finish: str | None = "stop") -> list[dict[str, Any]]:
    """Return the chunks of one streamed choice: role, texts, end."""
    chunks = [{"role": "assistant", "content": ""}, *({"content": text} for text in texts)]
    found = [{"choices": [{"index": index, "delta": delta, "finish_reason": None}]} for delta in chunks]
    if finish is not None:
        found.append({"choices": [{"index": index, "delta": {}, "finish_reason": finish}], "usage": USAGE})
    return found


USAGE = {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}


@dataclass
class FakeChatModel(Faulty):
    """A model that says what it is told to; asked for several choices, it gives `each` call's in turn."""

    choices: list[dict[str, Any]] = field(default_factory=lambda: [message("Hello there.")])
    chunks: list[Any] = field(default_factory=lambda: deltas("Hello ", "there."))
    each: list[list[Any]] = field(default_factory=list)  # choices or chunks, call by call
    trouble: Trouble = no_trouble  # before the first word
    asked: list[Mapping[str, Any]] = field(default_factory=list)
    ended: int = 0  # calls that came to their end, canceled or not
    canceled: int = 0

    def __post_init__(self) -> None:
        super().__init__()

    async def complete(self, deployment: Deployment, request: Mapping[str, Any]) -> dict[str, Any]:
        choices = self.each[len(self.asked)] if self.each else self.choices
        self.asked.append(request)
        try:
            with self._call("complete"):
                await self.trouble()
                return {"choices": choices, "usage": USAGE, "system_fingerprint": BAD}
        except asyncio.CancelledError:
            self.canceled += 1
            raise
        finally:
            self.ended += 1

    async def stream(
        self, deployment: Deployment, request: Mapping[str, Any]
    ) -> AsyncGenerator[dict[str, Any], None]:
        chunks = self.each[len(self.asked)] if self.each else self.chunks
        self.asked.append(request)
        try:
            await self.trouble()
            for chunk in chunks:
                await asyncio.sleep(0)
                if isinstance(chunk, Exception):
                    raise chunk
                if chunk is hanging:
                    await hanging()
                yield {"id": BAD, **chunk}
        except (asyncio.CancelledError, GeneratorExit):
            self.canceled += 1
            raise
        finally:
            self.ended += 1
