"""Serves an application on a bound socket, over TLS where Azure's clients ask for it, leaving signals alone."""

import asyncio
import socket
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp

from localcloud.certificates import Certificates
from localcloud.errors import NotReadyError

STARTUP = 20.0  # seconds that a stand-in may take to start


class _Server(uvicorn.Server):
    """A server that leaves signals to the local cloud."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Capture none."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to serve; raises NotReadyError where a server of its own would end the whole process."""
        try:
            await super().startup(sockets)
        except SystemExit as error:
            raise NotReadyError("a stand-in did not start; logs/cloud.log says why") from error


@asynccontextmanager
async def served(app: ASGIApp, listener: socket.socket, tls: Certificates | None) -> AsyncIterator[None]:
    """Serve an application while the context lasts; raises NotReadyError when it does not start."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=1,
        ssl_certfile=str(tls.certificate) if tls else None,
        ssl_keyfile=str(tls.key) if tls else None,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await _started(server, task)
        if task.done():
            task.result()
        yield
    finally:
        server.should_exit = True
        try:
            await task
        finally:
            listener.close()  # a server that did not start leaves it open


async def _started(server: uvicorn.Server, task: asyncio.Task[None]) -> None:
    try:
        async with asyncio.timeout(STARTUP):
            while not server.started and not task.done():  # noqa: ASYNC110 - it sets a flag and wakes nobody
                await asyncio.sleep(0.01)
    except TimeoutError as error:
        raise NotReadyError(f"a stand-in did not start within {STARTUP:.0f} s") from error
