"""advance(run): do the state's work until it must wait; save first, then tell."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from shared.core.events import Broken, DeadlinePassed, Event
from shared.core.lifecycle import LIFECYCLE, NO_LIMITS, deadline_of, decide, is_final
from shared.core.run import State
from shared.errors import Conflict, NotFound, ServiceRefused, ServiceUnavailable, TuneDropError, place_of
from shared.notifier import Notifier
from shared.ports import Queue, Runs, StoredRun
from shared.work import WORK, Services, Waiting, undo_late

log = logging.getLogger(__name__)

BROKE_OFF = "five tries in a row broke off; see TuneDrop's log"


class Reconciler:
    """Takes runs from state to state; level-triggered: a crash or a lost event costs one tick."""

    def __init__(
        self,
        runs: Runs,
        queue: Queue,
        notifier: Notifier,
        services: Services,
        clock: Callable[[], datetime],
        limits: Mapping[State, timedelta] = NO_LIMITS,
    ) -> None:
        self._runs, self._queue, self._notifier = runs, queue, notifier
        self._services, self._clock, self._limits = services, clock, limits

    def advance(self, run_id: str) -> None:
        """Take the run as far as it goes now. Raises ServiceUnavailable when the run table does not answer."""
        try:
            stored = self._runs.get(run_id)
        except NotFound:
            log.warning("run %s: there is no such run", run_id)
            return
        try:
            while self._step(stored):  # no state comes twice
                self._notifier.publish(run_id)
                stored = self._runs.get(run_id)
            self._notifier.publish(run_id)  # what a crash left
        except Conflict:
            log.info("run %s: somebody else changed it meanwhile", run_id)
        # Also where nothing was saved: work that waits may have made something too.
        undo_late(stored.run, self._runs.get(run_id).run, self._services)

    def park(self, run_id: str) -> None:
        """Give up on a run that broke off five times, where it is late or breaks again; else it is let go on."""
        try:
            stored = self._runs.get(run_id)
        except NotFound:
            log.warning("run %s: there is no such run", run_id)
            return
        try:
            late = deadline_of(stored.run, self._clock(), BROKE_OFF, self._limits)
            if late:  # asked before the work: one that ends its host, out of memory, is never asked after it
                self._give_up(stored, late)
            else:
                self.advance(run_id)
        except TuneDropError:
            raise  # a service's bad moment, no fault of ours: the message comes back
        except Exception as fault:  # noqa: BLE001 - reported: in the log, and to people as the run's reason
            name = type(fault).__name__
            log.error("run %s: parked: %s in %s", run_id, name, place_of(fault))
            reason = f"TuneDrop itself met {name} while {stored.run.state}, five times; see its log"
            self._give_up(stored, Broken((reason,)))

    def _give_up(self, stored: StoredRun, event: Event) -> None:
        """Park the run as it was when its work began: several messages of one run may end in the poison queue."""
        try:
            self._follow(stored, event)
            self._notifier.publish(stored.run.id)
        except Conflict:
            log.info("run %s: it has gone on meanwhile: not parked for what was before", stored.run.id)

    def queue_open(self) -> int:
        """Queue every run that has work to do or news to publish; return how many.

        Not while many wait in the queue: they would only be asked for again before their turn came, and the queue
        would grow with each tick for as long as the runs take more than a tick.
        """
        if self._queue.crowded():
            log.info("many runs wait in the queue: nothing is added to it now")
            return 0
        waiting = self._runs.open_ids()
        for run_id in sorted(waiting):
            self._queue.put(run_id)
        return len(waiting)

    def _step(self, stored: StoredRun) -> bool:
        """Do the state's work once; True when the run has entered another state."""
        if is_final(stored.run.state):
            return False
        event, trouble = self._work(stored)
        event = event or deadline_of(stored.run, self._clock(), trouble, self._limits)
        return event is not None and self._follow(stored, event)

    def _follow(self, stored: StoredRun, event: Event) -> bool:
        """Save what follows from an event; False when nothing does."""
        run = stored.run
        decision = decide(run, event, self._clock())
        if decision is None:
            return False
        self._runs.save(decision, stored.version)
        why = "; ".join(decision.run.reasons)
        log.info("run %s: %s -> %s%s", run.id, run.state, decision.run.state, f": {why}" if why else "")
        return True

    def _work(self, stored: StoredRun) -> tuple[Event | None, str]:
        """Return what the work learned, None for nothing new; and what held it up, in words."""
        run = stored.run
        try:
            outcome = WORK[LIFECYCLE[run.state].work](run, self._services)
        except (ServiceUnavailable, ServiceRefused) as error:
            # Refused here means a right or a setting that people can mend: the run waits until its deadline.
            log.warning("run %s: %s: %s", run.id, run.state, error)
            return None, str(error)
        if isinstance(outcome, Waiting):
            self._note(stored, outcome)
            return None, outcome.trouble
        return outcome, ""

    def _note(self, stored: StoredRun, waiting: Waiting) -> None:
        job, run = waiting.job, stored.run
        overdue = isinstance(deadline_of(run, self._clock(), limits=self._limits), DeadlinePassed)
        if job and not overdue and (job.status, job.metrics) != (run.job_status, run.metrics):
            self._runs.note_job(run.id, job, stored.version)
