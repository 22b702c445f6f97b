"""Endpoints that nobody asks: each costs money by the hour, so people are told once a day."""

import logging
from datetime import datetime, timedelta

from shared.core.run import Channel, Idle, Notification, Run, State
from shared.errors import NotFound
from shared.ports import Models, Runs, Topic

log = logging.getLogger(__name__)


def report_idle(models: Models, runs: Runs, topic: Topic, now: datetime, days: int) -> None:
    """Publish news of each model that serves and that nobody asked for so many days; 0 days: of none.

    Done again on the same day it publishes the same events, which are sent once. Raises ServiceUnavailable and
    ServiceRefused of the tables and of the topic: the next day looks again.
    """
    if not days:
        return
    asked = models.last_asked()
    for deployment in models.all():
        since = max(deployment.created, asked.get(deployment.model, deployment.created))
        if now - since < timedelta(days=days):
            continue
        run = _serving(runs, deployment.run_id)
        if run is not None:
            log.info("run %s: nobody asked %s since %s", run.id, run.model, since.isoformat(timespec="minutes"))
            topic.publish([Notification(run, channel, Idle(since, now)) for channel in Channel])


def _serving(runs: Runs, run_id: str) -> Run | None:
    """Return the run while it serves; one that is being deleted is news no more."""
    try:
        run = runs.get(run_id).run
    except NotFound:
        log.warning("run %s: it is not in the run table, but a model's name points at its endpoint", run_id)
        return None
    return run if run.state is State.SERVING else None
