"""A model's streams on their way to the client: held back, checked beside the generation, released.

One task reads each choice's stream, at most one check per choice runs beside it, and the reader of `choices()`
gets what has passed. Closing stops all of them, so a client that leaves ends the model's work.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from functools import partial
from time import perf_counter
from typing import Any

from shared.core.chat_answer import Answer, UnreadableAnswer, delta_choice, joined, read_choices, read_usage
from shared.core.chat_request import ChatRequest
from shared.core.holdback import HeldBack, Pace
from shared.core.moderation import Verdict
from shared.errors import ServiceUnavailable
from shared.inference.asking import estimated, summed, tokens_of
from shared.inference.tasks import stopped

USAGE_WAIT = 2.0  # seconds
Check = Callable[[Sequence[str]], Awaitable[Verdict]]


class Relay:
    """One stream for each choice: begin() reads them, choices() yields what may go."""

    def __init__(
        self,
        upstreams: Sequence[AsyncIterator[Mapping[str, Any]]],
        check: Check,
        pace: Pace,
        nothing_found: Mapping[str, Any],
    ) -> None:
        self._upstreams, self._check = upstreams, check
        self._held = {index: HeldBack(pace) for index in range(len(upstreams))}
        self._results = dict.fromkeys(self._held, nothing_found)  # what the latest check of each choice said
        self._reasons: dict[int, str] = {}  # why the model ended a choice
        self._open = set(self._held)
        self._silent = set(self._held)  # choices of which nothing has come yet
        self._checks: dict[int, asyncio.Task[None]] = {}
        self._pumps: dict[int, asyncio.Task[None]] = {}
        self._usages: dict[int, Mapping[str, int]] = {}
        self._out: deque[dict[str, Any]] = deque()
        self._news, self._room, self._begun = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._fault: BaseException | None = None
        self.spoke_at = 0.0  # when every choice had begun, on perf_counter's clock
        self.blocked: tuple[str, ...] = ()  # why the choices that were blocked were

    async def begin(self) -> None:
        """Start reading; return when every choice has begun, raise what the model raises before that."""
        self._pumps = {
            index: asyncio.create_task(self._guarded(partial(self._read, index))) for index in self._held
        }
        await self._begun.wait()
        self.spoke_at = perf_counter()
        if self._fault is not None:
            raise self._fault

    async def counted(self) -> dict[str, int] | None:
        """Return the tokens of all choices; they may come after the last word, so that is awaited a little."""
        waiting = [pump for index, pump in self._pumps.items() if index not in self._usages and not pump.done()]
        if waiting:
            await asyncio.wait(waiting, timeout=USAGE_WAIT)
        return self.usage

    @property
    def usage(self) -> dict[str, int] | None:
        """The tokens of all choices, as far as the model told."""
        return summed(self._usages.values())

    def tokens(self, request: ChatRequest) -> int:
        """Return what all choices took: as the model counts, or by the length of what it said."""
        return sum(
            tokens_of(self._usages.get(index)) or estimated(request, held.length)
            for index, held in self._held.items()
        )

    async def close(self) -> None:
        """Stop reading the model and checking; called once, whatever happened."""
        await stopped(*self._pumps.values(), *self._checks.values())

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

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run a task; its failure is the stream's, raised to whoever reads it."""
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - kept, and raised by begin() or choices()
            self._fault = error
            self._begun.set()
        finally:
            self._news.set()
            self._room.set()

    async def _read(self, index: int) -> None:
        upstream = self._upstreams[index]
        try:
            async for chunk in upstream:
                for piece in read_choices(chunk, "delta"):
                    self._take(index, piece)
                if (usage := read_usage(chunk)) is not None:
                    self._usages[index] = usage
                self._heard(index)
                await self._wait_for_room(index)
        except UnreadableAnswer as error:
            raise ServiceUnavailable("model", f"unreadable: {error}") from None
        finally:
            closing = getattr(upstream, "aclose", None)
            if closing is not None:
                await closing()
        if index in self._open and index not in self._reasons:
            raise ServiceUnavailable("model", "the stream ended early")

    def _heard(self, index: int) -> None:
        self._silent.discard(index)
        if not self._silent:
            self._begun.set()

    async def _wait_for_room(self, index: int) -> None:
        while self._fault is None and index in self._open and self._held[index].full:
            self._room.clear()
            await self._room.wait()

    def _take(self, index: int, piece: Answer) -> None:
        if piece.index != 0:
            raise UnreadableAnswer("a choice that nobody asked for")
        held = self._held[index]
        if index not in self._open or held.ended:
            return
        held.add(piece)
        if piece.finish_reason is not None:
            self._reasons[index] = piece.finish_reason
            held.ended = True
        self._check_next(index)

    def _check_next(self, index: int) -> None:
        """Check what there is enough of, unless a check is under way: it comes back here."""
        if index in self._checks or index not in self._open:
            return
        held = self._held[index]
        texts = held.next_texts()
        if texts:
            self._checks[index] = asyncio.create_task(self._guarded(partial(self._checked, index, texts)))
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
            self._pumps[index].cancel()  # nothing that the model says now can leave
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
        self._news.set()
        self._room.set()
