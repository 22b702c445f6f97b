"""Event Grid, Azure ML: a hint to look at a run's job now instead of at the next minute."""

import logging

import azure.functions as func

from shared.core.names import run_of_job
from shared.wiring import app

bp = func.Blueprint()
log = logging.getLogger(__name__)


@bp.event_grid_trigger(arg_name="event")
def job_changed(event: func.EventGridEvent) -> None:
    """Queue the run whose job the event tells of; what became of the job is read from Azure ML."""
    run_id = run_of_job(str(event.get_json().get("runId", "")))
    if run_id is None:
        log.info("event %s is not about a job of ours: %s", event.id, event.subject)
        return
    app().queue.put(run_id)
