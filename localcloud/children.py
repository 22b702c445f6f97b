"""The programs that the local cloud starts: each has a log and never outlives the local cloud."""

import asyncio
import ctypes
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from localcloud.errors import ChildDiedError

GRACE = 5.0  # seconds between asking a child to stop and killing it
TAIL = 25  # lines of a log that explain a death
PR_SET_PDEATHSIG = 1  # Linux: the signal a child gets when its parent dies
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent() -> None:
    """Let the kernel kill this program when the one that started it dies (Linux; elsewhere nothing)."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


@dataclass
class Child:
    """One program under the local cloud's care."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    log: Path
    on_death: Callable[[ChildDiedError], None]
    _process: asyncio.subprocess.Process | None = None
    _watch: asyncio.Task[None] | None = field(default=None, repr=False)

    async def start(self) -> None:
        """Start the program; its output goes to its log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *self.command,
                cwd=self.folder,
                env=dict(self.environment),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches the local cloud alone, which stops its children in order
                preexec_fn=die_with_parent,
            )
        self._process = process
        self._watch = asyncio.create_task(self._report_death(process))

    async def stop(self, grace: float = GRACE) -> None:
        """Ask the program to end, kill it after the grace, and wait until it is gone."""
        process = self._forget()
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(grace):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def restart(self) -> None:
        """Kill the program as a crash would, and start it again."""
        process = self._forget()
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        await self.start()

    def tail(self) -> str:
        """Return the last lines of the program's log."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-TAIL:])

    def _forget(self) -> asyncio.subprocess.Process | None:
        process, self._process = self._process, None
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        return process

    async def _report_death(self, process: asyncio.subprocess.Process) -> None:
        code = await process.wait()
        self.on_death(
            ChildDiedError(f"{self.name} ended by itself (exit {code}). The end of {self.log}:\n{self.tail()}")
        )
