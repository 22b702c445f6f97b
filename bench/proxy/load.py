"""Sends chat completions over kept connections, each with a new prompt, and times them."""

import asyncio
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter

from bench.proxy.upstream import KEY, MODEL
from bench.proxy.wire import END, body_length

WORDS = "Which batteries does the valve take, and how long do they last outdoors in winter? "
FIRST_WORD = b"w00"  # of the upstream's streams
LONGEST = 60.0  # seconds that one answer may take
numbers = itertools.count(1_000_000)


@dataclass
class Times:
    """What was measured, in seconds."""

    whole: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)  # until the first content of a stream
    failed: int = 0
    seconds: float = 0.0  # of all of it

    def at(self, share: float) -> float:
        """Return a percentile of the times of whole answers, in milliseconds."""
        return percentile(self.whole, share)


def percentile(times: list[float], share: float) -> float:
    """Return a percentile in milliseconds."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 if ordered else 0.0


def question(turns: int = 1, *, stream: bool = False) -> bytes:
    """Return a request body whose last text was never sent before; earlier turns are always the same."""
    messages = []
    for turn in range(turns - 1):
        messages += [{"role": "user", "content": f"{turn}: {WORDS}"}, {"role": "assistant", "content": WORDS}]
    messages.append({"role": "user", "content": f"Question {next(numbers)}: {WORDS * 6}"})
    body = {"model": MODEL, "messages": messages} | ({"stream": True} if stream else {})
    return json.dumps(body).encode()


def request(body: bytes, path: str = "/v1/chat/completions", key: str = KEY) -> bytes:
    """Return a whole request."""
    head = (
        f"POST {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {key}\r\naccept: application/json\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Connection:
    """One kept connection."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, raw: bytes, times: Times) -> bytes:
        """Send a request and read the whole answer; anything but a 200 counts as failed."""
        begun = perf_counter()
        try:
            async with asyncio.timeout(LONGEST):
                status, body = await self._asked(raw, begun, times)
        except (OSError, EOFError, TimeoutError):
            self.close()
            status, body = 0, b""
        if status == 200:
            times.whole.append(perf_counter() - begun)
        else:
            times.failed += 1
        return body

    async def _asked(self, raw: bytes, begun: float, times: Times) -> tuple[int, bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(raw)
        head = await reader.readuntil(END)
        status, lower = int(head[9:12]), head.lower()
        if b"transfer-encoding: chunked" in lower:
            body = await _chunked(reader, lambda: times.first.append(perf_counter() - begun))
        else:
            body = await reader.readexactly(body_length(head))
        if b"connection: close" in lower:
            self.close()
        return status, body

    def close(self) -> None:
        """Let the connection go."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def ask_once(port: int, raw: bytes) -> bytes:
    """Return the body of one answer over a connection of its own."""
    connection = Connection(port)
    try:
        return await connection.ask(raw, Times())
    finally:
        connection.close()


async def _chunked(reader: asyncio.StreamReader, on_first: Callable[[], None]) -> bytes:
    parts, seen = [], False
    while size := int(await reader.readuntil(b"\r\n"), 16):
        piece = (await reader.readexactly(size + 2))[:-2]
        parts.append(piece)
        if not seen and FIRST_WORD in piece:
            seen = True
            on_first()
    await reader.readuntil(b"\r\n")
    return b"".join(parts)


async def load(
    port: int, connections: int, requests: int, make: Callable[[], bytes], *, seconds: float = 60.0
) -> Times:
    """Send so many requests over so many connections, each as soon as the one before is answered."""
    times, left = Times(), itertools.count()
    begun = perf_counter()

    async def one() -> None:
        connection = Connection(port)
        while next(left) < requests and perf_counter() - begun < seconds:
            await connection.ask(make(), times)
        connection.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    times.seconds = perf_counter() - begun
    return times
