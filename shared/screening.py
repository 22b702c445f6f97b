"""Asking Content Safety about a dataset's texts, a tick's worth at a time, and never the same twice."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock

import msgspec

from shared.core.dataset import Report
from shared.core.dataset.harm import PROTECTED
from shared.core.screening import (
    Ask,
    Mode,
    Progress,
    Severities,
    batches_of,
    examples_left,
    plan_of,
    screened,
)
from shared.drop import Drop
from shared.errors import ServiceRefused, ServiceUnavailable, TimedOut
from shared.ports import Datasets, Safety

log = logging.getLogger(__name__)
LONGEST_REST = 600.0  # seconds of Retry-After that are taken at their word; it may say 15 days
CLAIM_HOLDS = timedelta(seconds=30)  # after each saving; whoever finds a claim leaves the screening alone
Connected = Callable[[], AbstractAsyncContextManager[Safety]]


@dataclass(frozen=True)
class Pace:
    """How fast a screening goes."""

    per_second: float = 50  # analyses of this process; the service takes 100, and chats need some of them
    at_once: int = 16
    patience: float = 10  # seconds for one analysis
    batch: int = 100  # analyses between two savings
    tick: timedelta = timedelta(seconds=40)  # after which no new batch is begun


class Screening:
    """Screens datasets; where a tick ends or a crash ends it, the next tick goes on."""

    def __init__(
        self,
        datasets: Datasets,
        connected: Connected,
        clock: Callable[[], datetime],
        mode: Mode = Mode.SAMPLE,
        sample: int = 200,
        pace: Pace | None = None,
    ) -> None:
        self._datasets, self._connected, self._clock = datasets, connected, clock
        self._mode, self._sample = mode, sample
        self._pace = pace or Pace()
        self._turns = _Turns(self._pace.per_second)

    def begun(self, run_id: str, drop: Drop) -> Progress | None:
        """Return how far the screening is after this tick's share of it, or None where none has begun."""
        progress = self._saved(run_id, drop)
        return self._advanced(run_id, progress, drop) if progress else None

    def begin(self, run_id: str, drop: Drop, report: Report) -> Progress:
        """Begin the screening of an accepted dataset, and return how far it is after this tick's share of it."""
        plan = plan_of(report, self._mode, self._sample)
        return self._advanced(run_id, self._saved(run_id, drop) or Progress(plan, drop.versions), drop)

    def _advanced(self, run_id: str, progress: Progress, drop: Drop) -> Progress:
        now = self._clock()
        if progress.done or (progress.rests_until and progress.rests_until > now):
            return progress
        self._save(run_id, progress, now + CLAIM_HOLDS)
        progress = asyncio.run(self._screen(run_id, progress, drop))
        log.info("run %s: %s", run_id, progress.told())
        return progress

    async def _screen(self, run_id: str, progress: Progress, drop: Drop) -> Progress:
        """Return the progress after as many batches as one tick has time for; each is saved at once."""
        ends = self._clock() + self._pace.tick
        async with self._connected() as safety:
            for batch in batches_of(examples_left(progress, drop.files), self._pace.batch):
                asks = [ask for example in batch for ask in example.asks]
                found, trouble = await self._answered(safety, asks)
                progress = replace(screened(progress, batch, found), trouble=str(trouble or ""))
                now = self._clock()
                if trouble:
                    rest = min(getattr(trouble, "retry_after", None) or 0.0, LONGEST_REST)
                    return self._save(run_id, progress, now + timedelta(seconds=rest))
                if progress.done or now >= ends:
                    return self._save(run_id, progress, None)
                self._save(run_id, progress, now + CLAIM_HOLDS)
        return progress

    async def _answered(
        self, safety: Safety, asks: Sequence[Ask]
    ) -> tuple[list[Severities | None], Exception | None]:
        """Return the severities of each text, and the first trouble; after it no further text is asked about."""
        troubles: list[Exception] = []
        at_once = asyncio.Semaphore(self._pace.at_once)

        async def answered(ask: Ask) -> Severities | None:
            async with at_once:
                await self._turns.wait(stopped=troubles)
                if troubles:
                    return None
                try:
                    return await self._severities(safety, ask)
                except (ServiceUnavailable, ServiceRefused) as error:
                    troubles.append(error)
                    return None

        found = await asyncio.gather(*map(answered, asks))
        return found, troubles[0] if troubles else None

    async def _severities(self, safety: Safety, ask: Ask) -> Severities:
        """Return the severities; one bad moment is no outage, but whoever says when to come back is left alone."""
        try:
            return await self._once(safety, ask)
        except ServiceUnavailable as error:
            if error.retry_after is not None:
                raise
            return await self._once(safety, ask)

    async def _once(self, safety: Safety, ask: Ask) -> Severities:
        try:
            async with asyncio.timeout(self._pace.patience):
                if ask.compares:
                    return {PROTECTED: 1} if await safety.protected(ask.text) else {}
                return (await safety.analyze(ask.text)).severities
        except TimeoutError:
            raise TimedOut("content safety", "no analysis in time") from None

    def _saved(self, run_id: str, drop: Drop) -> Progress | None:
        """Return the progress that was saved for these versions of the files, or None."""
        content = self._datasets.read(_path(run_id))
        if content is None:
            return None
        try:
            progress = msgspec.json.decode(content, type=Progress)
        except msgspec.DecodeError:
            log.warning("run %s: its screening was saved by another version of the app; it begins anew", run_id)
            return None
        return progress if progress.versions == drop.versions else None

    def _save(self, run_id: str, progress: Progress, rests_until: datetime | None) -> Progress:
        """Save the progress and return it as it is saved."""
        progress = replace(progress, rests_until=rests_until)
        self._datasets.write(_path(run_id), [msgspec.json.encode(progress)], "application/json")
        return progress


class _Turns:
    """Spreads analyses evenly over time, whichever thread and event loop they run in."""

    def __init__(self, per_second: float) -> None:
        self._gap, self._next, self._lock = 1 / per_second, 0.0, Lock()

    async def wait(self, stopped: Sequence[object]) -> None:
        """Return when it is one's turn, or at once when all is stopped."""
        if stopped:
            return
        now = asyncio.get_running_loop().time()  # the same clock in all loops
        with self._lock:
            turn = max(now, self._next)
            self._next = turn + self._gap
        if turn > now:
            await asyncio.sleep(turn - now)


def _path(run_id: str) -> str:
    return f"{run_id}/screening.json"
