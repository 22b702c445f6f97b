"""Changes that go on after their answer was given."""

import asyncio
from collections.abc import Coroutine


class Changes:
    """What is under way; nothing of it outlives the stand-in."""

    def __init__(self) -> None:
        self._going: set[asyncio.Task[None]] = set()

    def start(self, change: Coroutine[None, None, None]) -> None:
        """Let a change go on by itself."""
        task = asyncio.create_task(change)
        self._going.add(task)
        task.add_done_callback(self._going.discard)

    async def stop(self) -> None:
        """Stop what is under way, and wait for its end."""
        for task in self._going:
            task.cancel()
        await asyncio.gather(*self._going, return_exceptions=True)
