"""Ending tasks so that nothing of them is left over."""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

T = TypeVar("T")


async def stopped(*tasks: "asyncio.Future[Any]") -> None:
    """Cancel what still runs and wait for its end; the outcome of each task counts as seen."""
    running = []
    for task in tasks:
        if not task.done():
            task.cancel()
            running.append(task)
        elif not task.cancelled():
            task.exception()
    if running:
        await asyncio.gather(*running, return_exceptions=True)


async def gathered(*work: Awaitable[T]) -> list[T]:
    """Return what each yields, all at once; the first failure ends the others."""
    if len(work) == 1:
        return [await work[0]]
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        return await asyncio.gather(*tasks)
    finally:
        await stopped(*tasks)
