"""Telling: publish what the outbox holds, and send each notification once."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime

from shared.core.messages import Background, ReportPlace, unlinked
from shared.core.run import Channel, Notification, Run
from shared.errors import TuneDropError
from shared.ports import Messenger, Reports, Runs, Topic

log = logging.getLogger(__name__)


class Backgrounds:
    """What a message, or the page of a run, knows beyond the run."""

    def __init__(
        self,
        runs: Runs,
        reports: Reports,
        clock: Callable[[], datetime],
        app_address: str = "",
        *,
        run_pages: bool = False,
    ) -> None:
        self._runs, self._reports, self._clock = runs, reports, clock
        self._app_address, self._run_pages = app_address, run_pages and bool(app_address)

    def of(self, run: Run) -> Background:
        """Return it; raises ServiceUnavailable when the run table does not answer."""
        return Background(
            history=tuple(self._runs.history(run.id)),
            report=self._report(run),
            app_address=self._app_address,
            run_page=f"{self._app_address}/runs/{run.id}/page" if self._run_pages else "",
        )

    def _report(self, run: Run) -> ReportPlace | None:
        """Return where the report can be read; a message without a link is better than none."""
        try:
            return self._reports.place_of(run.id, self._clock())
        except TuneDropError as trouble:
            log.warning("run %s: its report is told without a link: %s", run.id, trouble)
            return unlinked(run.id) if run.model else None


class Notifier:
    """Publishes a run's outbox to the custom topic, and sends what the topic delivers."""

    def __init__(
        self,
        runs: Runs,
        topic: Topic,
        messengers: Mapping[Channel, Messenger],
        backgrounds: Backgrounds,
        clock: Callable[[], datetime],
    ) -> None:
        self._runs, self._topic, self._messengers = runs, topic, messengers
        self._backgrounds, self._clock = backgrounds, clock

    def publish(self, run_id: str) -> None:
        """Publish the run's outbox, then empty it; a crash in between repeats an event, never loses one."""
        waiting = self._runs.outbox(run_id)
        if not waiting:
            return
        self._topic.publish(waiting)
        for notification in waiting:
            self._runs.published(notification)
        log.info("run %s: %d notifications published", run_id, len(waiting))

    def send(self, notification: Notification) -> None:
        """Send one notification, unless it was sent; raises what the channel or the table raises.

        Conflict means that another invocation is sending it right now: Event Grid comes back.
        """
        run, channel = notification.run, notification.channel
        told = notification.news if notification.idle else run.state
        background = self._backgrounds.of(run)  # read before the claim, which then spans the sending alone
        if not self._runs.claim(notification, self._clock()):
            log.info("run %s: %s by %s was sent before", run.id, told, channel)
            return
        try:
            self._messengers[channel].send(notification, background)
        except TuneDropError:
            self._runs.release(notification)
            raise
        self._runs.sent(notification)
        log.info("run %s: %s told by %s", run.id, told, channel)
