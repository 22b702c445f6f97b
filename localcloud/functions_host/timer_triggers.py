"""Timer functions: one loop each, so a timer never runs twice at the same time."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from azure.functions.timer import TimerRequest

from localcloud.functions_host.indexing import FunctionLoadError, LocalFunction
from localcloud.functions_host.invoking import Invoker
from localcloud.functions_host.ncrontab import Schedule, ScheduleError, schedule_in


class TimerLoop:
    """Fires one timer function at its times."""

    def __init__(self, function: LocalFunction, invoker: Invoker) -> None:
        self._function, self._invoker, self._alone = function, invoker, asyncio.Lock()
        try:
            self._schedule: Schedule = schedule_in(str(function.trigger["schedule"]))
        except ScheduleError as error:
            raise FunctionLoadError(f"cannot load the {function.name} function: schedule: {error}") from error

    @property
    def name(self) -> str:
        """The function's name."""
        return self._function.name

    async def fire_now(self) -> None:
        """Fire once, whatever the schedule says, as soon as the function does not run."""
        now = datetime.now(UTC)
        await self._fire(now, now)

    async def run(self) -> None:
        """Fire at each time until cancelled; a time that passes while the function runs is left out."""
        last = datetime.now(UTC)
        if self._function.trigger.get("runOnStartup"):
            await self._fire(last, self._schedule.next_after(last))
        while True:
            due = self._schedule.next_after(datetime.now(UTC))
            await asyncio.sleep((due - datetime.now(UTC)).total_seconds())
            await self._fire(last, due)
            last = due

    async def _fire(self, last: datetime, due: datetime) -> None:
        following = self._schedule.next_after(due)
        status = {"Last": last.isoformat(), "LastUpdated": last.isoformat(), "Next": following.isoformat()}
        schedule: dict[str, Any] = {"AdjustForDST": True}
        request = TimerRequest(past_due=False, schedule_status=status, schedule=schedule)
        try:
            async with self._alone:
                await self._invoker.run(self._function, request, f"Timer fired at {due.isoformat()}")
        except Exception:  # noqa: BLE001 - the invoker has logged it; the timer fires again
            return
