"""Ending tasks so that nothing of them is left over."""

import asyncio
from typing import Any


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
