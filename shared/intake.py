"""Recording runs: from an event that tells of an upload, or from the sweep that finds what no event told of."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from shared.core import names
from shared.core.dataset.naming import NotADataset, dataset_of
from shared.core.run import Run, State
from shared.errors import ServiceRefused
from shared.ports import Datasets, DeadLetters, Dropped, Queue, Runs

log = logging.getLogger(__name__)

REST = 20  # times as long as a sweep took, none follows: however many datasets there are, it costs a twentieth
SWEEP_AFTER = timedelta(minutes=1)  # younger uploads: their event is still on its way
LETTERS_OF = timedelta(days=1)  # older dead letters were looked at before
DATASETS = "/blobServices/default/containers/datasets/blobs/"  # how the subject of a blob's event begins
OUR_NEWS = "TuneDrop."  # how the type of a notification's event begins


class Intake:
    """Records one run per uploaded version of a dataset."""

    def __init__(
        self,
        runs: Runs,
        queue: Queue,
        datasets: Datasets,
        letters: DeadLetters,
        clock: Callable[[], datetime],
    ) -> None:
        self._runs, self._queue, self._clock = runs, queue, clock
        self._datasets, self._letters = datasets, letters
        self._rests_until: datetime | None = None

    def receive(self, dropped: Dropped) -> str | None:
        """Record a run for the upload and queue it; return its id, or None when the file is no dataset.

        An upload that is recorded already is queued all the same: the first attempt may have died in between.
        A `.jsonl` in a wrong place gets a run too: its check rejects it, so that somebody hears of it.
        """
        try:
            model = dataset_of(dropped.path).model
        except NotADataset as problem:
            if problem.expected or not dropped.path.endswith(".jsonl"):
                log.info("no dataset: %s: %s", dropped.path, problem.reason)
                return None
            model = ""
        now = self._clock()
        run = Run(
            id=names.run_id(dropped.url, dropped.etag),
            model=model,
            dataset=dropped.path,
            etag=names.bare_etag(dropped.etag),
            created=dropped.modified,
            state=State.RECEIVED,
            since=now,
        )
        added = self._runs.add(run)
        log.info("run %s: %s (%s)", run.id, "recorded" if added else "known already", dropped.path)
        self._queue.put(run.id)
        return run.id

    def sweep(self) -> list[str]:
        """Record the datasets whose event never came; return the ids of their runs."""
        begun = self._clock()
        if self._rests_until and begun < self._rests_until:
            return []
        known = self._runs.known_ids()
        before = begun - SWEEP_AFTER
        missed = [
            dropped
            for dropped in self._datasets.dropped()
            if dropped.modified < before and names.run_id(dropped.url, dropped.etag) not in known
        ]
        ended = self._clock()
        self._rests_until = ended + REST * (ended - begun)
        return [run for run in map(self._recorded, missed) if run is not None]

    def _recorded(self, dropped: Dropped) -> str | None:
        """Record a run as `receive` does; one that is refused for good keeps no other one waiting."""
        try:
            return self.receive(dropped)
        except ServiceRefused as refusal:
            log.error("no run could be recorded for %s: %s", dropped.path, refusal)
            return None

    def read_dead_letters(self) -> int:
        """Look after events that were given up; return how many were removed.

        A dataset's is made up for, and a job's was a hint only. A notification's stays, as what cannot be
        read does: /health counts them, until somebody has seen to the channel and removed them.
        """
        removed = 0
        for letter in self._letters.since(self._clock() - LETTERS_OF):
            if letter.event_type.startswith(OUR_NEWS) or not letter.event_type:
                continue
            found = self._datasets.find(letter.subject.removeprefix(DATASETS))
            if letter.subject.startswith(DATASETS) and found is not None:
                self._recorded(found)
            log.warning("dead letter %s: %s: %s", letter.event_type, letter.subject, letter.reason)
            self._letters.remove(letter)
            removed += 1
        return removed
