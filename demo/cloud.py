"""The local cloud as a program that the demo starts, waits for and stops."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.errors import DemoError
from demo.waiting import until

REPOSITORY = Path(__file__).resolve().parent.parent
STARTUP = 120.0  # seconds; the first start after an installation compiles every module
GRACE = 20.0  # seconds that it may take to stop its own programs
TAIL = 12  # lines of a log that are shown when something failed
ROUTINE = re.compile(r"Executing 'Functions\.|Executed 'Functions\..*\(Succeeded")
FOREIGN = ("AZURE_", "IDENTITY_", "MSI_")  # a person's own Azure account must not be used


@dataclass(frozen=True)
class Addresses:
    """Where the running local cloud answers, and the settings that the app runs with."""

    functions: str
    inbox: str
    control: str
    api_key: str
    settings: dict[str, str]

    def __repr__(self) -> str:
        """Name the app only: settings and key are secrets."""
        return f"Addresses(functions={self.functions!r})"


class LocalCloud:
    """One local cloud in a folder of its own."""

    def __init__(self, root: Path) -> None:
        self.root, self.output = root, root / "up.log"
        self.keep_folder = False  # a person will want to read the logs
        self._process: subprocess.Popen[bytes] | None = None
        self._shown = 0

    def start(self) -> None:
        """Start it; `wait` tells when it is ready."""
        command = [sys.executable, "-m", "localcloud", "up", "--ports", "free", "--root", str(self.root / "cloud")]
        with self.output.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                cwd=REPOSITORY,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches the demo alone, which then stops it in order
            )

    def wait(self, show: Callable[[str], None]) -> Addresses:
        """Return its addresses once all of it answers, showing what it says meanwhile."""

        def ready() -> Addresses | None:
            self.check()
            found = self._addresses()
            for line in self._new_lines():
                show(line)
            return found

        return until(ready, STARTUP, "the local cloud", f"read {self.output}")

    def check(self) -> None:
        """Do nothing while it runs; raises DemoError when it ended by itself."""
        if self._process is not None and self._process.poll() is not None:
            said = "\n".join(tail_of(self.output))
            raise DemoError(f"the local cloud ended by itself:\n{said}", "mend what it says, then run `make demo`")

    def stop(self) -> None:
        """Stop it and everything that it started."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def logs(self) -> list[Path]:
        """Return the logs that hold something, the Functions host's first."""
        found = [path for path in (self.root / "cloud" / "logs").glob("*.log") if path.stat().st_size]
        return sorted(found, key=lambda path: (path.name != "functions.log", path.name))

    def _addresses(self) -> Addresses | None:
        try:
            facts: dict[str, Any] = json.loads((self.root / "cloud" / "env.json").read_text("utf-8"))
        except FileNotFoundError:
            return None
        return Addresses(
            functions=facts["functions_url"],
            inbox=facts["inbox_url"],
            control=facts["control_url"],
            api_key=facts["api_key"],
            settings=facts["settings"],
        )

    def _new_lines(self) -> Iterator[str]:
        """Yield the lines written since the last look; what it says when ready is for people who started it."""
        lines = self.output.read_text("utf-8", "replace").split("\n\nready.")[0].splitlines()
        fresh, self._shown = lines[self._shown :], len(lines)
        yield from (line for line in fresh if line.strip())


@contextmanager
def local_cloud() -> Iterator[LocalCloud]:
    """Start a local cloud in a temporary folder; in the end stop it, and remove the folder unless it is kept."""
    root = Path(tempfile.mkdtemp(prefix="tunedrop-demo-"))
    cloud = LocalCloud(root)
    try:
        cloud.start()
        yield cloud
    finally:
        cloud.stop()
        if not cloud.keep_folder:
            shutil.rmtree(root, ignore_errors=True)


def become(settings: dict[str, str]) -> None:
    """Take on the app's environment, so that Azure's SDKs in this process talk to the local cloud."""
    for name in [name for name in os.environ if name.startswith(FOREIGN)]:
        del os.environ[name]
    os.environ.update(settings)


def tail_of(log: Path, lines: int = TAIL) -> list[str]:
    """Return the last lines of a log, those left out that only say that a function ran."""
    if not log.exists():
        return []
    telling = [line for line in log.read_text("utf-8", "replace").splitlines() if not ROUTINE.search(line)]
    return telling[-lines:]


class Stopwatch:
    """Seconds since the demo began."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def seconds(self) -> float:
        """Return the seconds since the start."""
        return time.monotonic() - self._began
