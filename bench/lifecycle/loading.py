"""One load: so many datasets dropped at once into a fresh local cloud, until the last run has ended."""

import threading
import time
from collections import Counter
from dataclasses import dataclass

from bench.lifecycle.dropping import FINAL, storage_of
from bench.lifecycle.watching import Watch
from tests.cloud import RunningCloud

PAUSE = 5.0  # seconds between two looks: the looks cost something too
PATIENCE = 120.0  # seconds, and as many again as the runs may take each
SECONDS_PER_RUN = 5.0
FINDING, SUBMITTING = 1, 1  # reads of a job that is to be submitted: is it there, and what did the SDK create


@dataclass(frozen=True)
class Load:
    """What a load came to."""

    runs: int
    states: Counter[str]  # how many runs ended in each state
    seconds: float
    calls: Counter[str]  # answered by each stand-in
    advances: int  # messages of the queue that were worked off
    failures: int  # executions of any function that raised
    ticks: int
    reads: dict[str, int]  # of each run's job, those of its submission left out
    cpu_seconds: float  # of the Functions host
    peak_mb: float


def loaded(cloud: RunningCloud, name: str, runs: int) -> Load:
    """Return what so many datasets at once came to; raises AssertionError when a run does not end in time."""
    with storage_of(cloud, name) as storage:
        watch, begun = Watch(cloud), time.monotonic()
        watch.begin()
        storage.drop(runs)
        states = storage.states()
        while sum(states[state] for state in FINAL) < runs:
            spent = time.monotonic() - begun
            assert spent < PATIENCE + SECONDS_PER_RUN * runs, f"after {spent:.0f} s: {states}"
            print(f"{runs} runs, {spent:.0f} s: {dict(states)}", flush=True)
            threading.Event().wait(PAUSE)
            watch.look()
            states = storage.states()
        seconds = time.monotonic() - begun
        watch.look()
        done = watch.executions()
        return Load(
            runs,
            states,
            seconds,
            watch.calls,
            done["advance_run"],
            sum(count for name, count in done.items() if name.endswith(" failed")),
            done["advance_runs"],
            {run: reads - FINDING - SUBMITTING for run, reads in watch.reads.items()},
            watch.cpu_seconds(),
            watch.peak_mb,
        )
