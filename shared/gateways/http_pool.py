"""Pooled HTTP for the hot path: one aiohttp session per event loop, made when it is first needed."""

import asyncio
import ssl
from functools import cached_property
from types import TracebackType
from typing import Self
from weakref import WeakKeyDictionary

import aiohttp

CONNECTIONS = 200  # at a time to each host: long streams of a model must not use up what their checks need
CONNECT_TIMEOUT = 5.0  # seconds


class HttpPool:
    """The sessions. In a loop of its own (`asyncio.run`), `async with pool:` closes that loop's at the end."""

    def __init__(self) -> None:
        self._sessions: WeakKeyDictionary[asyncio.AbstractEventLoop, aiohttp.ClientSession] = WeakKeyDictionary()

    def session(self) -> aiohttp.ClientSession:
        """Return the running loop's session. It knows no cookies, and no timeouts but those of each request."""
        loop = asyncio.get_running_loop()
        found = self._sessions.get(loop)
        if found is None or found.closed:
            found = self._sessions[loop] = self._new_session()
        return found

    def _new_session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=0, limit_per_host=CONNECTIONS, ssl=self._tls)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT)
        return aiohttp.ClientSession(connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar())

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Our own context: aiohttp's is made at import, maybe before SSL_CERT_FILE is set."""
        return ssl.create_default_context()

    def timeout(self, total: float, silence: float | None = None) -> aiohttp.ClientTimeout:
        """Return a request's timeout, in seconds: for all of it, and between two pieces of the answer."""
        return aiohttp.ClientTimeout(total=total, sock_connect=CONNECT_TIMEOUT, sock_read=silence)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the running loop's session."""
        session = self._sessions.pop(asyncio.get_running_loop(), None)
        if session is not None:
            await session.close()
