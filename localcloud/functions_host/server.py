"""Puts the host together: one port for HTTP and webhooks, and a loop for each timer and queue."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from localcloud.functions_host.admin import Admin
from localcloud.functions_host.event_triggers import EventWebhook
from localcloud.functions_host.host_json import HostSettings
from localcloud.functions_host.http_triggers import http_routes
from localcloud.functions_host.indexing import LocalFunction
from localcloud.functions_host.invoking import Invoker
from localcloud.functions_host.keys import HostKeys
from localcloud.functions_host.queue_triggers import QueueLoop
from localcloud.functions_host.timer_triggers import TimerLoop

logger = logging.getLogger("Host")


def host_app(functions: list[LocalFunction], settings: HostSettings, keys: HostKeys) -> Starlette:
    """Return the host as an application; raises FunctionLoadError for triggers that cannot start."""
    invoker = Invoker()
    timers = [TimerLoop(one, invoker) for one in functions if one.kind == "timerTrigger"]
    queues = [QueueLoop(one, settings.queues, invoker) for one in functions if one.kind == "queueTrigger"]

    @asynccontextmanager
    async def listening(_app: Starlette) -> AsyncIterator[None]:
        async with _tasks([*(timer.run() for timer in timers), *(queue.run() for queue in queues)]):
            yield

    return Starlette(
        routes=[
            *Admin(timers, keys).routes(),
            *EventWebhook(functions, keys, invoker).routes(),
            *http_routes(functions, settings.route_prefix, keys, invoker),
        ],
        lifespan=listening,
        exception_handlers={405: _not_found},
    )


async def _not_found(_request: Request, _error: Exception) -> Response:
    """Return 404: to the real host a route with another method is no route."""
    return Response(status_code=404)


@asynccontextmanager
async def _tasks(works: list[Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(work) for work in works]
    for task in tasks:
        task.add_done_callback(_end_with_host)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _end_with_host(task: asyncio.Task[None]) -> None:
    """Stop the host when a loop broke: a host that silently misses a trigger would look like a healthy one."""
    if not task.cancelled() and task.exception() is not None:
        logger.critical("a trigger's loop broke; the host stops", exc_info=task.exception())
        signal.raise_signal(signal.SIGTERM)
