"""Values read lately from where reading is slow: kept for a short while, read once however many ask."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """A bounded cache over `read`; what is not there (None) is kept for a shorter time than what is."""

    def __init__(
        self,
        read: Callable[[K], Awaitable[V | None]],
        clock: Callable[[], datetime],
        *,
        found: timedelta = timedelta(seconds=30),
        missing: timedelta = timedelta(seconds=5),
        most: int = 10_000,
    ) -> None:
        self._read, self._clock = read, clock
        self._found, self._missing, self._most = found, missing, most
        self._kept: OrderedDict[K, tuple[datetime, V | None]] = OrderedDict()
        self._reading: dict[tuple[asyncio.AbstractEventLoop, K], asyncio.Task[V | None]] = {}

    async def get(self, key: K) -> V | None:
        """Return the value, at most `found` old; raises what `read` raises, and then keeps nothing."""
        kept = self._kept.get(key)
        if kept is not None and self._clock() < kept[0]:
            return kept[1]
        place = (asyncio.get_running_loop(), key)
        reading = self._reading.get(place)
        if reading is None:
            reading = self._reading[place] = asyncio.create_task(self._refresh(key))
            reading.add_done_callback(lambda _task: self._reading.pop(place, None))
        return await asyncio.shield(reading)  # one caller's leaving must not fail the others

    def forget(self, key: K) -> None:
        """Let the next caller read anew."""
        self._kept.pop(key, None)

    async def _refresh(self, key: K) -> V | None:
        value = await self._read(key)
        kept_for = self._missing if value is None else self._found
        self._kept[key] = (self._clock() + kept_for, value)
        self._kept.move_to_end(key)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return value
