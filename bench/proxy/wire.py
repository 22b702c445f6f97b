"""HTTP/1.1 as little as a bench needs: one message at a time over a kept connection, bodies with a length."""

import asyncio
from collections.abc import Callable

END = b"\r\n\r\n"
LENGTH = b"content-length:"


def body_length(head: bytes) -> int:
    """Return the length that a message's head tells, 0 where it tells none."""
    lower = head.lower()
    place = lower.find(LENGTH)
    if place < 0:
        return 0
    stop = lower.find(b"\r\n", place)
    return int(lower[place + len(LENGTH) : stop if stop >= 0 else None])


class Requests(asyncio.Protocol):
    """One connection of a server: hands each whole request on, with itself to answer it."""

    def __init__(self, answer: "Callable[[Requests, bytes, bytes], None]") -> None:
        self._answer = answer
        self._rest = b""
        self.transport: asyncio.Transport | None = None
        self.later: asyncio.Handle | None = None  # what is still to be said

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to answer."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        """Say nothing more."""
        if self.later is not None:
            self.later.cancel()
        self.transport = None

    def data_received(self, data: bytes) -> None:
        """Collect bytes until a request is whole."""
        self._rest += data
        while (place := self._rest.find(END)) >= 0:
            head = self._rest[:place]
            size = place + len(END) + body_length(head)
            if len(self._rest) < size:
                return
            body, self._rest = self._rest[place + len(END) : size], self._rest[size:]
            self._answer(self, head, body)

    def say(self, raw: bytes) -> None:
        """Write, unless the other side has left."""
        if self.transport is not None:
            self.transport.write(raw)

    def cut(self, raw: bytes) -> None:
        """Write, and hang up."""
        if self.transport is not None:
            self.transport.write(raw)
            self.transport.close()


def message(body: bytes, status: bytes = b"200 OK", kind: bytes = b"application/json") -> bytes:
    """Return a whole answer."""
    head = b"HTTP/1.1 %s\r\ncontent-type: %s\r\ncontent-length: %d\r\n\r\n"
    return head % (status, kind, len(body)) + body
