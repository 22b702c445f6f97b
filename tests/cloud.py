"""A running local cloud for tests: started as a person would, used over the wire only, stopped by its own id."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
REPOSITORY = Path(__file__).resolve().parent.parent
STARTUP = 90.0  # seconds
SHUTDOWN = 20.0  # seconds


@dataclass(frozen=True)
class RunningCloud:
    """One ready local cloud: where it is, and what its control port can do."""

    settings: dict[str, str]  # every app setting
    urls: dict[str, str]  # service name -> base URL
    ca_file: Path
    functions_url: str
    control_url: str
    inbox_url: str
    api_key: str
    seed: int
    logs: Path
    pid: int
    output: Path  # what `up` printed

    def environment(self) -> dict[str, str]:
        """Return the environment for a program that talks to this cloud with the real SDKs."""
        return {**own_environment(), **self.settings}

    def history(self, service: str | None = None, since: int = 0) -> list[dict[str, Any]]:
        """Return the calls that a stand-in (or any) answered, oldest first, after call number `since`."""
        query = {"since": str(since)} | ({"service": service} if service else {})
        calls: list[dict[str, Any]] = get_json(f"{self.control_url}/history?{urllib.parse.urlencode(query)}")
        return calls

    def messages(self, channel: str | None = None) -> list[dict[str, Any]]:
        """Return the Teams cards and e-mails sent so far; `channel` is teams or email."""
        messages = get_json(f"{self.inbox_url}/messages")
        return [message for message in messages if channel in (None, message["channel"])]

    def add_faults(self, *faults: dict[str, Any]) -> None:
        """Script failures, for example {"service": "content_safety", "times": 99, "status": 503}."""
        post_json(f"{self.control_url}/faults", list(faults))

    def set_weather(self, **chances: Any) -> None:
        """Change the chances of bad weather; set_weather(calm=True) ends it."""
        post_json(f"{self.control_url}/weather", chances)

    def set_quota(self, **limits: int) -> None:
        """Set the limits of machines' families, in vCPUs; none: the usual ones."""
        post_json(f"{self.control_url}/quota", limits)

    def preempt(self, job: str) -> None:
        """Take the machine of a running command job away; it runs again."""
        post_json(f"{self.control_url}/preempt", {"job": job})

    def train_instantly(self, seconds: float = 0) -> None:
        """Let jobs be over at once, or after so many seconds, without training; their endpoints only echo."""
        post_json(f"{self.control_url}/training", {"mode": "instant", "seconds": seconds})

    def reset(self) -> None:
        """Forget history, faults and messages."""
        post_json(f"{self.control_url}/reset", {})

    def send_event(
        self, subscription: str, event: dict[str, Any], times: int = 1, at_once: bool = False
    ) -> list[int]:
        """Deliver an event by hand to one subscription and return the statuses of the answers."""
        order = {"subscription": subscription, "event": event, "times": times, "at_once": at_once}
        statuses: list[int] = post_json(f"{self.control_url}/events", order)["statuses"]
        return statuses

    def restart_host(self) -> None:
        """Kill the Functions host and return once a new one answers."""
        post_json(f"{self.control_url}/host/restart", {}, timeout=STARTUP)


def own_environment() -> dict[str, str]:
    """Return the environment without what azure-ai-ml writes into it: the cloud of this process alone."""
    return {name: value for name, value in os.environ.items() if name != "AZUREML_CURRENT_CLOUD"}


@contextmanager
def running_cloud(
    *,
    calm: bool = True,
    seed: int = 1,
    host: bool = True,
    app: str = "function_app",
    root: Path | None = None,
    keep: bool = False,
) -> Iterator[RunningCloud]:
    """Start a local cloud on free ports, yield it when it is ready, and stop it; fails with its logs."""
    with tempfile.TemporaryDirectory(prefix="tunedrop-") as folder:
        place = root or Path(folder)
        command = [sys.executable, "-m", "localcloud", "up", "--ports", "free", "--root", str(place)]
        command += ["--seed", str(seed), "--app", app]
        command += [*(["--calm"] if calm else []), *([] if host else ["--no-host"]), *(["--keep"] if keep else [])]
        output = Path(folder) / "up.log"
        with output.open("wb") as log:
            cloud = subprocess.Popen(
                command, cwd=REPOSITORY, env=own_environment(), stdout=log, stderr=subprocess.STDOUT
            )
        try:
            yield _ready(cloud, place, output)
        finally:
            _stop(cloud)


def eventually(probe: Callable[[], T], seconds: float = 15.0, pause: float = 0.05) -> T:
    """Return the probe's first true answer; fails with its last answer when none comes in time."""
    deadline, patience = time.monotonic() + seconds, threading.Event()
    while not (answer := probe()):
        if time.monotonic() > deadline:
            raise AssertionError(f"nothing within {seconds:.0f} s; the last answer was {answer!r}")
        patience.wait(pause)
    return answer


def get_json(url: str, timeout: float = 30) -> Any:
    """Return the JSON that a plain-http port of the local cloud answers."""
    with urllib.request.urlopen(url, timeout=timeout) as answer:
        return json.load(answer)


def post_json(url: str, body: Any, timeout: float = 60) -> Any:
    """Return the JSON answered to a POST; raises AssertionError with the answer to bad input."""
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise AssertionError(f"{url} answered {error.code}: {error.read().decode()}") from error


def _ready(cloud: subprocess.Popen[bytes], place: Path, output: Path) -> RunningCloud:
    deadline = time.monotonic() + STARTUP
    announced = place / "env.json"
    while not announced.exists():
        if time.monotonic() > deadline or _ended(cloud):
            raise AssertionError(f"the local cloud did not start: {output.read_text('utf-8', 'replace')}")
    found = json.loads(announced.read_text("utf-8"))
    return RunningCloud(
        found["settings"],
        found["urls"],
        Path(found["ca_file"]),
        found["functions_url"],
        found["control_url"],
        found["inbox_url"],
        found["api_key"],
        found["seed"],
        Path(found["logs"]),
        cloud.pid,
        output,
    )


def _ended(cloud: subprocess.Popen[bytes]) -> bool:
    """Tell whether the local cloud ended within the next moment."""
    try:
        cloud.wait(timeout=0.1)
    except subprocess.TimeoutExpired:
        return False
    return True


def _stop(cloud: subprocess.Popen[bytes]) -> None:
    cloud.send_signal(signal.SIGTERM)
    try:
        cloud.wait(timeout=SHUTDOWN)
    except subprocess.TimeoutExpired:
        cloud.kill()
        cloud.wait()
