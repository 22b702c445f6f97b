"""Starts one contestant in a process of its own, and reads what it took from /proc."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

STARTUP = 90.0  # seconds
SHUTDOWN = 10.0  # seconds
MB = 1e6


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@dataclass(frozen=True)
class Server:
    """A running contestant."""

    port: int
    pid: int
    start_seconds: float

    def cpu_seconds(self) -> float:
        """Return the CPU time of its threads so far, to the nanosecond: `stat` counts in ticks of 10 ms."""
        threads = Path(f"/proc/{self.pid}/task").iterdir()
        return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9

    def memory_mb(self, line: str = "VmRSS") -> float:
        """Return its memory; "VmHWM" is the most that it ever had."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = next(row for row in status.splitlines() if row.startswith(line))
        return int(found.split()[1]) * 1024 / MB

    def sockets(self) -> int:
        """Return how many sockets it has open."""
        folder = Path(f"/proc/{self.pid}/fd")
        return sum(os.path.realpath(link).rpartition("/")[2].startswith("socket:") for link in folder.iterdir())


@contextmanager
def running(
    command: Sequence[str], ready: int | Path, log: Path, environment: dict[str, str] | None = None
) -> Iterator[Server]:
    """Start a server, yield it once its port accepts (or its file is there), and stop it; fails with its log."""
    begun = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment)
    try:
        _wait(process, ready, log)
        port = ready if isinstance(ready, int) else 0
        yield Server(port, process.pid, time.perf_counter() - begun)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=SHUTDOWN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], ready: int | Path, log: Path) -> None:
    deadline = time.monotonic() + STARTUP
    while time.monotonic() < deadline and process.poll() is None:
        if ready.exists() if isinstance(ready, Path) else _accepts(ready):
            return
        time.sleep(0.01)
    raise RuntimeError(f"{ready} is not ready: {log.read_text(errors='replace')[-2000:]}")


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def python(*arguments: str) -> list[str]:
    """Return the command of one of our modules."""
    return [sys.executable, "-m", *arguments]
