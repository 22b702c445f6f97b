"""Two Functions hosts on one storage account work on the same runs: each run ends as with one."""

import os
import subprocess
import sys
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from localcloud.ports import HOST, free_socket, port_of
from tests.cloud import REPOSITORY, RunningCloud, eventually, get_json
from tests.e2e.client import Person
from tests.soak.many import SOAK, assert_each_serves_once, drop_many

STARTUP = 60.0  # seconds


@contextmanager
def second_host(cloud: RunningCloud, folder: Path) -> Iterator[Path]:
    """Run another host of the same app while the context lasts; yields its log."""
    listener = free_socket()
    port = port_of(listener)
    listener.close()
    log = folder / "second.log"
    command = [sys.executable, "-m", "localcloud.functions_host", "--port", str(port)]
    environment = {**cloud.environment(), "PYTHONUNBUFFERED": "1"}
    with log.open("wb") as output:
        host = subprocess.Popen(
            [*command, "--keys", str(folder / "keys.json")],
            cwd=REPOSITORY,
            env=environment,
            stdout=output,
            stderr=output,
        )
    try:
        eventually(lambda: _answers(f"http://{HOST}:{port}/admin/host/status"), STARTUP)
        yield log
    finally:
        os.kill(host.pid, 9)
        host.wait()


def _answers(url: str) -> bool:
    try:
        return bool(get_json(url, timeout=2))
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False


def test_two_hosts_make_one_of_everything(person: Person, tmp_path: Path):
    count = 30 if SOAK else 4
    with second_host(person.cloud, tmp_path) as log:
        paths = drop_many(person, "two-hosts", count)
        assert_each_serves_once(person, paths)
        others = (person.cloud.logs / "functions.log").read_text("utf-8", "replace")
        for worked in (log.read_text("utf-8", "replace"), others):
            assert "Executed 'Functions.advance_run' (Succeeded" in worked, "one host did nothing"
