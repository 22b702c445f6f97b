"""Talks to the scoring worker: one JSON object per line, requests to its input, events from its output."""

import asyncio
import itertools
import json
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from localcloud.children import die_with_parent
from localcloud.frame import Cloud
from localcloud.scoring_worker.wire import End, Prompt, Text

REPOSITORY = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "localcloud.scoring_worker")
LOADING = 120.0  # seconds; real Phi weights take their time
SILENCE = 120.0  # seconds that the worker may need for the next token
LONGEST_LINE = 1 << 20  # bytes


class WorkerError(Exception):
    """The worker could not do what was asked; `kind` is too_long where the prompt does not fit the model."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Worker:
    """The scoring process: started with the first request, and again after it died."""

    def __init__(self, log: Path, command: Sequence[str] = COMMAND) -> None:
        self._log, self._command = log, command
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Queue[dict[str, Any]]] = {}

    async def load(self, folder: str) -> None:
        """Load the checkpoint in a folder; raises WorkerError when it cannot be used."""
        number, events = await self._ask({"do": "load", "folder": folder})
        try:
            await _next(events, LOADING)
        finally:
            self._waiting.pop(number, None)

    async def answer(self, prompt: Prompt) -> AsyncGenerator[Text | End, None]:
        """Yield an answer as it is written, then its End; a reader that stops early stops the writing."""
        number, events = await self._ask({"do": "answer", **asdict(prompt)})
        ended = False
        try:
            while not ended:
                event = await _next(events, SILENCE)
                ended = event["event"] == "end"
                yield _end(event) if ended else Text(event["text"])
        finally:
            self._waiting.pop(number, None)
            if not ended:
                self._cancel(number)

    def writing(self) -> list[int]:
        """Return the numbers of the requests under way."""
        return list(self._waiting)

    def kill(self) -> None:
        """Kill the process as a crash would."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.kill()

    async def stop(self) -> None:
        """End the process, which has nothing to save."""
        self.kill()
        process, self._process = self._process, None
        if process is None:
            return
        await process.wait()
        if self._reading is not None:
            await self._reading

    async def _ask(self, request: dict[str, Any]) -> tuple[int, asyncio.Queue[dict[str, Any]]]:
        async with self._starting:
            process = await self._running()
        number, events = next(self._numbers), asyncio.Queue[dict[str, Any]]()
        self._waiting[number] = events
        self._write(process, {"id": number, **request})
        return number, events

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is not None and self._process.returncode is None:
            return self._process
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                cwd=REPOSITORY,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                limit=LONGEST_LINE,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        self._reading = asyncio.create_task(self._read(self._process))
        return self._process

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        """Pass events on until the worker's output ends; who still waits then is told."""
        if process.stdout is None:
            raise TypeError("the worker was started without a pipe")
        async for line in process.stdout:
            event = json.loads(line)
            queue = self._waiting.get(event["id"])
            if queue is not None:
                queue.put_nowait(event)
        died = {"event": "error", "kind": "broken", "message": f"the scoring worker ended; see {self._log}"}
        for queue in self._waiting.values():
            queue.put_nowait(died)

    def _cancel(self, number: int) -> None:
        if self._process is not None and self._process.returncode is None:
            self._write(self._process, {"id": number, "do": "cancel"})

    @staticmethod
    def _write(process: asyncio.subprocess.Process, request: dict[str, Any]) -> None:
        if process.stdin is not None:
            process.stdin.write(json.dumps(request).encode() + b"\n")


async def _next(events: asyncio.Queue[dict[str, Any]], seconds: float) -> dict[str, Any]:
    try:
        # Not wait_for: up to Python 3.11 it loses a cancellation that comes together with an event.
        async with asyncio.timeout(seconds):
            event = await events.get()
    except TimeoutError as error:
        raise WorkerError("broken", f"the scoring worker said nothing for {seconds:.0f} s") from error
    if event["event"] == "error":
        raise WorkerError(event["kind"], event["message"])
    return event


def _end(event: dict[str, Any]) -> End:
    return End(event["finish_reason"], event["prompt_tokens"], event["completion_tokens"])


def worker_of(cloud: Cloud) -> Worker:
    """Return the one worker of a local cloud."""
    worker = cloud.shared.get("scoring_worker")
    if worker is None:
        worker = cloud.shared["scoring_worker"] = Worker(cloud.root / "logs" / "scoring_worker.log")
    if not isinstance(worker, Worker):
        raise TypeError("cloud.shared['scoring_worker'] belongs to the scoring stand-in")
    return worker
