"""The endpoint at load for minutes, with faults of every service and clients that leave: does anything pile up?"""

import asyncio
import itertools
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.proxy.load import Connection, Times, ask_once, question, request
from bench.proxy.measure import Control
from bench.proxy.ours import TASKS
from bench.proxy.servers import Server, free_port, python, running
from bench.proxy.upstreams import upstream

CONNECTIONS = 16
FAULT_EVERY = 40  # calls of a model or of Content Safety
LEAVING = 0.1  # of the clients of streams
LATENCIES = {"model": 20, "check": 5, "token": 0}  # milliseconds
SAMPLES = 40
REST = 5.0  # seconds that the endpoint gets to come to rest
GROWTH_MB = 8.0  # of memory from the second quarter of the time to the last: caches are full by then
LEFT_OVER = 4  # tasks and sockets more at rest than before


@dataclass(frozen=True)
class Sample:
    """What the endpoint held at a moment."""

    seconds: float
    memory_mb: float
    sockets: int
    tasks: int


async def soak(server: Server, control_port: int, seconds: float) -> list[str]:
    """Load the endpoint; print figures; return what piled up."""
    control, times, draw = Control(control_port), Times(), random.Random(5)
    await ask_once(server.port, request(question()))
    before = await sample(server, 0.0)
    await control(**LATENCIES, fault_every=FAULT_EVERY)
    begun = time.perf_counter()
    clients = [asyncio.create_task(client(server.port, times, draw, begun + seconds)) for _ in range(CONNECTIONS)]
    samples = []
    while (passed := time.perf_counter() - begun) < seconds:
        await asyncio.sleep(min(seconds / SAMPLES, seconds - passed))
        samples.append(await sample(server, time.perf_counter() - begun))
    await asyncio.gather(*clients)
    await control(fault_every=0)
    await asyncio.sleep(REST)
    after = await sample(server, time.perf_counter() - begun)
    report(times, samples, before, after)
    return list(leaks(samples, before, after))


async def client(port: int, times: Times, draw: random.Random, until: float) -> None:
    """Ask for whole answers and streams in turn; leave some streams early."""
    connection = Connection(port)
    for number in itertools.count():
        if time.perf_counter() > until:
            break
        stream = number % 2 == 1
        raw = request(question(draw.choice((1, 1, 3)), stream=stream))
        if stream and draw.random() < LEAVING:
            await leave_early(port, raw)
        else:
            await connection.ask(raw, times)
    connection.close()


async def leave_early(port: int, raw: bytes) -> None:
    """Send a request and hang up before or within its answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(raw)
    try:
        async with asyncio.timeout(0.03):
            await reader.read(1)
    except TimeoutError:
        pass
    writer.close()


async def sample(server: Server, seconds: float) -> Sample:
    """Look at the endpoint."""
    found = await ask_once(server.port, request(b"", TASKS))
    return Sample(seconds, server.memory_mb(), server.sockets(), int(found))


def report(times: Times, samples: list[Sample], before: Sample, after: Sample) -> None:
    """Print what was measured."""
    print(f"{len(times.whole)} answers and {times.failed} errors in {samples[-1].seconds:.0f} s")
    print(f"p50 {times.at(0.5):.0f} ms, p99 {times.at(0.99):.0f} ms")
    for one in (before, *samples[:: max(1, len(samples) // 8)], after):
        print(f"{one.seconds:6.0f} s  {one.memory_mb:6.1f} MB  {one.sockets:4} sockets  {one.tasks:4} tasks")


def leaks(samples: list[Sample], before: Sample, after: Sample) -> Iterator[str]:
    """Yield what grew and should not have."""
    quarter = max(1, len(samples) // 4)
    early, late = samples[quarter : 2 * quarter], samples[-quarter:]
    if early:
        growth = min(one.memory_mb for one in late) - max(one.memory_mb for one in early)
        if growth > GROWTH_MB:
            yield f"memory grew by {growth:.1f} MB"
    if after.tasks > before.tasks + LEFT_OVER:
        yield f"{after.tasks - before.tasks} tasks are left over"
    if after.sockets > before.sockets + CONNECTIONS * 5 + LEFT_OVER:  # kept connections, to five places at most
        yield f"{after.sockets - before.sockets} sockets are left over"


@contextmanager
def endpoint() -> Iterator[tuple[Server, int]]:
    """Start the upstream and the endpoint; yield it and the upstream's port."""
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        command = python("bench.proxy.ours", str(port), str(folder))
        with upstream(folder) as control, running(command, port, folder / "ours.log") as server:
            yield server, control


def main(seconds: float) -> int:
    """Soak; return the exit status."""
    with endpoint() as (server, control):
        found = asyncio.run(soak(server, control, seconds))
    print("leaks: " + ("; ".join(found) if found else "none"))
    return 1 if found else 0
