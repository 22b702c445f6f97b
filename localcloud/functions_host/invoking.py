"""Runs one function once: coroutines on the event loop, others in a bounded pool of threads; logs both ends."""

import asyncio
import contextvars
import inspect
import logging
import os
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import azure.functions as func

from localcloud.functions_host.indexing import CONTEXT, LocalFunction

THREADS = "PYTHON_THREADPOOL_THREAD_COUNT"
logger = logging.getLogger("Host")


class LocalContext(func.Context):
    """What a function's `context` parameter gets."""

    def __init__(self, function: str, invocation: str) -> None:
        self._function, self._invocation = function, invocation
        self._thread_local = threading.local()

    @property
    def invocation_id(self) -> str:
        """The invocation's id."""
        return self._invocation

    @property
    def function_name(self) -> str:
        """The function's name."""
        return self._function

    @property
    def function_directory(self) -> str:
        """The folder of the app."""
        return str(Path.cwd())

    @property
    def thread_local_storage(self) -> Any:
        """Where an app puts the invocation's id for the logs of its own threads."""
        return self._thread_local

    @property
    def trace_context(self) -> Any:
        """Nothing: the local cloud traces nothing."""
        return None

    @property
    def retry_context(self) -> Any:
        """Nothing: the host itself retries none of the triggers that it runs."""
        return None


class Invoker:
    """Runs functions of the app."""

    def __init__(self) -> None:
        threads = int(os.environ.get(THREADS, min(32, (os.cpu_count() or 1) + 4)))
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="function")

    async def run(self, function: LocalFunction, value: Any, reason: str) -> Any:
        """Return what the function returns for a trigger's value; raises what it raises, after logging it."""
        invocation, started = str(uuid.uuid4()), time.perf_counter()
        arguments = {function.trigger["name"]: value}
        if function.takes_context:
            arguments[CONTEXT] = LocalContext(function.name, invocation)
        logger.info("Executing 'Functions.%s' (Reason='%s', Id=%s)", function.name, reason, invocation)
        try:
            result = await self._result(function, arguments)
        except BaseException as error:
            outcome = "Canceled" if isinstance(error, asyncio.CancelledError) else "Failed"
            spent = _milliseconds(started)
            logger.error(
                "Executed 'Functions.%s' (%s, Id=%s, Duration=%dms)",
                function.name, outcome, invocation, spent, exc_info=outcome == "Failed",
            )  # fmt: skip
            raise
        logger.info(
            "Executed 'Functions.%s' (Succeeded, Id=%s, Duration=%dms)",
            function.name, invocation, _milliseconds(started),
        )  # fmt: skip
        return result

    async def _result(self, function: LocalFunction, arguments: dict[str, Any]) -> Any:
        if inspect.iscoroutinefunction(function.code):
            return await function.code(**arguments)
        run = contextvars.copy_context().run
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, lambda: run(lambda: function.code(**arguments)))


def _milliseconds(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)
