"""The processes of one job: started together, stopped together, each the leader of a group of its own."""

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from localcloud.children import die_with_parent

GRACE = 10.0  # seconds between asking processes to stop and killing them
WHOLE_TAIL = 4096  # bytes of stderr that surely hold its last line


@dataclass
class Processes:
    """What runs for one job."""

    lost: bool = False  # the machine was taken away
    _running: list[tuple[asyncio.subprocess.Process, Path]] = field(default_factory=list)

    async def start(
        self, command: Sequence[str], *, folder: Path, logs: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        """Start one process; `logs` is the path of its logs without `.stdout` and `.stderr`."""
        err_file = logs.with_suffix(".stderr")
        with logs.with_suffix(".stdout").open("ab") as out, err_file.open("ab") as err:
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=folder,
                env=environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        self._running.append((process, err_file))

    async def failure(self) -> str | None:
        """Wait until all have ended well (None), or one badly: the last line that it wrote to stderr."""
        waiting = {asyncio.create_task(_ending(process, errors)) for process, errors in self._running}
        try:
            while waiting:
                ended, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for failure in (task.result() for task in ended):
                    if failure is not None:
                        return failure
            return None
        finally:
            for task in waiting:
                task.cancel()

    async def stop(self, grace: float = GRACE) -> None:
        """Ask what still runs to end, kill it after the grace, and wait until it is gone."""
        self._signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(grace):
                await self._gone()
        except TimeoutError:
            self._signal(signal.SIGKILL)
            await self._gone()

    def lose(self) -> None:
        """Kill everything at once, as when the machine is taken away."""
        self.lost = True
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        for process, _errors in self._running:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, number)

    async def _gone(self) -> None:
        for process, _errors in self._running:
            await process.wait()


async def _ending(process: asyncio.subprocess.Process, errors: Path) -> str | None:
    code = await process.wait()
    if code == 0:
        return None
    return last_line(errors) or f"the command ended with exit code {code}"


def last_line(file: Path) -> str:
    """Return the last line of a file that is not empty."""
    lines = file.read_bytes()[-WHOLE_TAIL:].decode("utf-8", "replace").splitlines()
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
