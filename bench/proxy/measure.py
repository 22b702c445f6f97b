"""Measures contestants in turn, round after round, so that other work on the machine meets all of them alike."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from bench.proxy.load import Times, ask_once, load, percentile, question, request
from bench.proxy.servers import Server

CONNECTIONS = (1, 16, 64)
SLOW = {"model": 300, "check": 50}  # milliseconds
FAST = {"model": 0, "check": 0, "token": 0}
BURSTS = 5  # in which CPU time is counted: the best one met the least other work on the machine
TURNS = 20
TYPING = 5  # milliseconds between two tokens of a stream


@dataclass
class Figures:
    """What one contestant took; the best of the rounds, in milliseconds."""

    connections: tuple[int, ...] = CONNECTIONS
    cpu: list[float] = field(default_factory=list)  # per request, 16 connections
    times: dict[int, list[Times]] = field(default_factory=dict)  # by number of connections
    slow: list[float] = field(default_factory=list)  # the 300/50 case
    stream_cpu: list[float] = field(default_factory=list)
    first: list[float] = field(
        default_factory=list
    )  # until the first word of a stream: 300/50, all tokens at once
    first_typed: list[float] = field(default_factory=list)  # the same, a token every 5 ms
    checks_per_stream: float = 0.0  # of the answer
    checks_per_turn: float = 0.0  # of the 20th turn of a chat
    idle_mb: float = 0.0
    peak_mb: float = 0.0
    first_answer: float = 0.0
    start: float = 0.0
    failed: int = 0

    def at(self, connections: int, share: float) -> float:
        """Return the best round's percentile, in milliseconds."""
        return min(times.at(share) for times in self.times[connections])

    def percentiles(self, connections: int) -> str:
        """Return p50, p95 and p99 as a table has them; nothing where it was not measured."""
        if connections not in self.times:
            return ""
        return ", ".join(f"{self.at(connections, share):.1f}" for share in (0.5, 0.95, 0.99))


class Control:
    """The upstream's latencies and counters."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def __call__(self, **wanted: int | bool) -> Counter[str]:
        """Change what is wanted; return the calls so far, by kind."""
        raw = request(json.dumps(wanted).encode(), "/control")
        return Counter(json.loads(await ask_once(self._port, raw)))


async def begin(server: Server, figures: Figures) -> None:
    """Look at a contestant that has just started, and let it warm up."""
    figures.start, figures.idle_mb = server.start_seconds, server.memory_mb()
    first = await load(server.port, 1, 1, chat)
    figures.first_answer, figures.failed = first.at(0.5), first.failed
    figures.idle_mb = max(figures.idle_mb, server.memory_mb())
    figures.failed += (await load(server.port, 16, 100, chat)).failed


async def one_round(
    server: Server, figures: Figures, control: Control, requests: int, streams: int, few: int
) -> None:
    """Measure everything once, what is slow with a few requests; no streams where `streams` is 0."""
    await control(**FAST)
    for connections in figures.connections:
        times = await load(server.port, connections, requests, chat)
        figures.times.setdefault(connections, []).append(times)
        figures.failed += times.failed
    for _ in range(BURSTS):
        begun, burst = server.cpu_seconds(), max(16, requests // BURSTS)
        figures.failed += (await load(server.port, 16, burst, chat)).failed
        figures.cpu.append((server.cpu_seconds() - begun) * 1000 / burst)
    await control(**SLOW)
    figures.slow.append((await load(server.port, 1, few, chat)).at(0.5))
    if streams:
        figures.first.append(percentile((await load(server.port, 1, few, stream)).first, 0.5))
        await control(**SLOW, token=TYPING)
        figures.first_typed.append(percentile((await load(server.port, 1, few, stream)).first, 0.5))
        await control(**FAST)
        await _streams(server, figures, control, streams, few)
        await _turns(server, figures, control, few)
    figures.peak_mb = server.memory_mb("VmHWM")


async def _streams(server: Server, figures: Figures, control: Control, streams: int, few: int) -> None:
    await control(reset=True)
    begun = server.cpu_seconds()
    figures.failed += (await load(server.port, 4, streams, stream)).failed
    figures.stream_cpu.append((server.cpu_seconds() - begun) * 1000 / streams)
    asked = await control(reset=True)
    await load(server.port, 1, few, chat)
    whole = await control(reset=True)  # its prompt takes the same checks, and its short answer one
    figures.checks_per_stream = asked["analyze"] / streams - whole["analyze"] / few + 1


async def _turns(server: Server, figures: Figures, control: Control, few: int) -> None:
    """Send a chat's 20th turn again and again, with a new question each time."""
    await load(server.port, 1, 1, lambda: request(question(TURNS)))
    await control(reset=True)
    await load(server.port, 1, few, lambda: request(question(TURNS)))
    asked = await control(reset=True)
    figures.checks_per_turn = (asked["analyze"] + asked["shieldPrompt"]) / few


def chat() -> bytes:
    """Return a request for a whole answer, with a prompt of its own."""
    return request(question())


def stream() -> bytes:
    """Return a request for a streamed answer, with a prompt of its own."""
    return request(question(stream=True))


async def direct(port: int, requests: int) -> float:
    """Return what a call of the model itself takes, in milliseconds."""
    return (await load(port, 1, requests, chat)).at(0.5)


def measured(
    servers: dict[str, Server], upstream: int, rounds: int, few: int, counts: Callable[[str], tuple[int, int]]
) -> tuple[dict[str, Figures], float]:
    """Return each contestant's figures, and what a direct call takes; `counts`: requests, streams."""
    figures = {name: Figures(CONNECTIONS[:2] if "TLS" in name else CONNECTIONS) for name in servers}

    async def all_rounds() -> float:
        control, bare = Control(upstream), []
        for name, server in servers.items():
            await begin(server, figures[name])
        for _ in range(rounds):
            await control(**FAST)
            bare.append(await direct(upstream, 200))
            for name, server in servers.items():
                await one_round(server, figures[name], control, *counts(name), few)
        return min(bare)

    return figures, asyncio.run(all_rounds())
