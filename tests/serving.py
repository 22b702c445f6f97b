"""An ASGI application behind a real socket, on the test's own event loop and a free loopback port."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp

SHUTDOWN = 5.0  # seconds


@asynccontextmanager
async def serving(application: ASGIApp) -> AsyncIterator[str]:
    """Serve while the block runs; the value is the base URL."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(application, log_config=None, lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    server.config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[listener])
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        await _stopped(server)


async def _stopped(server: uvicorn.Server) -> None:
    """End connections and requests; uvicorn's own way sleeps a tenth of a second, in each of many tests."""
    for listening in server.servers:
        listening.close()
    for connection in list(server.server_state.connections):
        connection.shutdown()
    async with asyncio.timeout(SHUTDOWN):
        while server.server_state.connections or server.server_state.tasks:  # noqa: ASYNC110 - uvicorn has no event
            await asyncio.sleep(0)
