"""Counts the calls that runs cost, and watches the Functions host's memory and processor time."""

import re
import subprocess
from collections import Counter
from dataclasses import dataclass, field

from tests.cloud import RunningCloud

HOST = "localcloud.functions_host"
JOB = re.compile(r"/jobs/tunedrop-(\w+)")
EXECUTED = re.compile(r"Executed 'Functions\.(\w+)' \((\w+)")


@dataclass
class Watch:
    """What happened since it began to look."""

    cloud: RunningCloud
    calls: Counter[str] = field(default_factory=Counter)  # by service
    reads: Counter[str] = field(default_factory=Counter)  # of a run's job, by run
    peak_mb: float = 0.0
    _last: int = 0
    _log: int = 0
    _cpu: float = 0.0

    def begin(self) -> None:
        """Forget what was before."""
        self.cloud.reset()
        self._log = len(self._lines())
        self._cpu = self._host()[1]

    def look(self) -> None:
        """Take in what the stand-ins answered since the last look."""
        found = self.cloud.history(since=self._last)
        for call in found:
            self.calls[call["service"]] += 1
            job = JOB.search(call["path"])
            if job and call["service"] == "arm" and call["method"] == "GET":
                self.reads[job[1]] += 1
        self._last = found[-1]["number"] if found else self._last
        self.peak_mb = max(self.peak_mb, self._host()[0])

    def executions(self) -> Counter[str]:
        """Return how often each function was run, and how often it failed ("name failed")."""
        counted: Counter[str] = Counter()
        for line in self._lines()[self._log :]:
            executed = EXECUTED.search(line)
            if executed:
                counted[executed[1] if executed[2] == "Succeeded" else f"{executed[1]} failed"] += 1
        return counted

    def cpu_seconds(self) -> float:
        """Return the processor time that the host has used since the watch began."""
        return self._host()[1] - self._cpu

    def _lines(self) -> list[str]:
        return (self.cloud.logs / "functions.log").read_text("utf-8", "replace").splitlines()

    def _host(self) -> tuple[float, float]:
        """Return the host's memory in MB and its processor time in seconds."""
        command = ["ps", "-A", "-ww", "-o", "rss=,time=,args="]  # -ww: else it cuts lines where COLUMNS is set
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        folder = str(self.cloud.logs.parent)  # the cloud's own: in the path of its keys
        rows = [line.split(None, 2) for line in listed.splitlines() if HOST in line]
        ours = next((row for row in rows if folder in row[2]), None)
        if ours is None:
            raise LookupError(f"no {HOST} with its keys in {folder}: {[row[2] for row in rows]}")
        return int(ours[0]) / 1000, _seconds(ours[1])


def _seconds(text: str) -> float:
    """Return the seconds that `ps` spells as [days-]hours:minutes:seconds."""
    days, _, clock = text.rpartition("-")
    seconds = 0.0
    for part in clock.split(":"):
        seconds = seconds * 60 + float(part)
    return int(days or 0) * 86_400 + seconds
