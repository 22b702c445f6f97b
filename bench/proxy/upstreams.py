"""Starts the upstream in a process of its own."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.proxy.servers import python, running


@contextmanager
def upstream(folder: Path) -> Iterator[int]:
    """Start what all contestants ask; yield its plain port."""
    announced = folder / "upstream.json"
    with running(python("bench.proxy.upstream", str(folder)), announced, folder / "upstream.log"):
        yield int(json.loads(announced.read_text())["plain"].rpartition(":")[2])
