"""A model's stream on its way to the client: held back, checked beside the generation, released.

One task reads the model, at most one check per choice runs beside it, and the reader of `chunks()` gets what has
passed. Closing the generator stops all of them, so a client that leaves ends the model's work.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

from shared.core.chat_answer import Answer, UnreadableAnswer, delta_choice, joined, read_choices, read_usage
from shared.core.holdback import HeldBack, Pace
from shared.core.moderation import Verdict
from shared.errors import ServiceUnavailable
from shared.inference.tasks import stopped

USAGE_WAIT = 2.0  # seconds
Check = Callable[[Sequence[str]], Awaitable[Verdict]]


class Relay:
    """One stream: begin() reads the model, choices() yields what may go."""

    def __init__(
        self,
        upstream: AsyncIterator[Mapping[str, Any]],
        check: Check,
        choices: int,
        pace: Pace,
        nothing_found: Mapping[str, Any],
    ) -> None:
        self._upstream, self._check = upstream, check
        self._held = {index: HeldBack(pace) for index in range(choices)}
        self._results = dict.fromkeys(self._held, nothing_found)  # what the latest check of each choice said
        self._reasons: dict[int, str] = {}  # why the model ended a choice
        self._open = set(self._held)
        self._checks: dict[int, asyncio.Task[None]] = {}
        self._out: deque[dict[str, Any]] = deque()
        self._news, self._room, self._begun = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._fault: BaseException | None = None
        self._pump: asyncio.Task[None] | None = None
        self.usage: dict[str, int] | None = None
        self.blocked: tuple[str, ...] = ()  # why the choices that were blocked were

    async def begin(self) -> None:
        """Start reading; return at the model's first word, raise what the model raises before it."""
        self._pump = asyncio.create_task(self._guarded(self._read()))
        await self._begun.wait()
        if self._fault is not None:
            raise self._fault

    async def counted(self) -> dict[str, int] | None:
        """Return the token counts; they may come after the last word, so the model's end is awaited a little."""
        if self.usage is None and self._pump is not None and not self.blocked:
            await asyncio.wait([self._pump], timeout=USAGE_WAIT)
        return self.usage

    async def close(self) -> None:
        """Stop reading the model and checking; called once, whatever happened."""
        await stopped(*([self._pump] if self._pump else []), *self._checks.values())

    async def choices(self) -> AsyncIterator[dict[str, Any]]:
        """Yield chunk choices that may go; raises the model's or the check's error once it is known."""
        while self._fault is None:
            while self._out and self._fault is None:
                yield self._out.popleft()
            if not self._open:
                return
            await self._news.wait()
            self._news.clear()
        raise self._fault

    async def _guarded(self, work: Awaitable[None]) -> None:
        """Run a task; its failure is the stream's, raised to whoever reads it."""
        try:
            await work
        except Exception as error:  # noqa: BLE001 - kept, and raised by begin() or choices()
            self._fault = error
        finally:
            self._begun.set()
            self._news.set()
            self._room.set()

    async def _read(self) -> None:
        try:
            async for chunk in self._upstream:
                for piece in read_choices(chunk, "delta"):
                    self._take(piece)
                self.usage = read_usage(chunk) or self.usage
                self._begun.set()
                await self._wait_for_room()
        except UnreadableAnswer as error:
            raise ServiceUnavailable("model", f"unreadable: {error}") from None
        finally:
            closing = getattr(self._upstream, "aclose", None)
            if closing is not None:
                await closing()
        if self._open - self._reasons.keys():
            raise ServiceUnavailable("model", "the stream ended early")

    async def _wait_for_room(self) -> None:
        while self._fault is None and any(self._held[index].full for index in self._open):
            self._room.clear()
            await self._room.wait()

    def _take(self, piece: Answer) -> None:
        held = self._held.get(piece.index)
        if held is None:
            raise UnreadableAnswer("a choice that nobody asked for")
        if piece.index not in self._open or held.ended:
            return
        held.add(piece)
        if piece.finish_reason is not None:
            self._reasons[piece.index] = piece.finish_reason
            held.ended = True
        self._check_next(piece.index)

    def _check_next(self, index: int) -> None:
        """Check what there is enough of, unless a check is under way: it comes back here."""
        if index in self._checks or index not in self._open:
            return
        held = self._held[index]
        texts = held.next_texts()
        if texts:
            self._checks[index] = asyncio.create_task(self._guarded(self._checked(index, texts)))
        elif held.ended:
            self._release(index)

    async def _checked(self, index: int, texts: list[str]) -> None:
        try:
            verdict = await self._check(texts)
        finally:
            del self._checks[index]
        self._results[index] = verdict.results
        if verdict.blocked:
            self.blocked += verdict.reasons
            self._finish(index, "content_filter")
        else:
            self._release(index)
            self._check_next(index)

    def _release(self, index: int) -> None:
        held = self._held[index]
        for piece in joined(held.passed()):
            self._out.append(delta_choice(index, piece.words, self._results[index], logprobs=piece.logprobs))
        if held.done:
            self._finish(index, self._reasons[index])

    def _finish(self, index: int, reason: str) -> None:
        self._out.append(delta_choice(index, {}, self._results[index], finish_reason=reason))
        self._open.discard(index)
        if not self._open and self._pump is not None and reason == "content_filter":
            self._pump.cancel()  # nothing that the model says now can leave
        self._news.set()
        self._room.set()
