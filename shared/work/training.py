"""The work of `submitting` and `training`: create the job, read the job."""

import logging
from datetime import timedelta

from shared.core.events import Canceled, Completed, Event, Failed, Missing, Refused, Submitted
from shared.core.run import Run
from shared.errors import NotFound, ServiceRefused
from shared.ports import PREFLIGHT, Job
from shared.work.services import NO_RIGHTS, Services, Waiting

log = logging.getLogger(__name__)

MISSING = "NotFound"  # what people see as the status of a job that Azure ML does not know
MISSED_FOR = timedelta(hours=1)  # then it is given up
KNOWN_STATUSES = frozenset(
    {"NotStarted", "Starting", "Provisioning", "Preparing", "Queued", "Running", "Finalizing"}
    | {"CancelRequested", "Completed", "Failed", "Canceled", "NotResponding", "Paused", "Unknown"}
)


def submit(run: Run, services: Services) -> Event | Waiting:
    """Create the job, or find it there."""
    try:
        services.training.submit(run)
    except ServiceRefused as refusal:
        if refusal.status in NO_RIGHTS:
            raise
        if refusal.code == PREFLIGHT:
            return Refused((f"no job was submitted: {refusal.reason}",))
        return Refused((f"Azure ML refused the job: {refusal.reason}",))
    return Submitted()


def read_job(run: Run, services: Services) -> Event | Waiting:
    """Read the job; an unknown status is reported and waited on, never taken for an end."""
    try:
        job = services.training.job(run)
    except NotFound:
        return _missing(run, services)
    match job.status:
        case "Completed":
            return Completed(job_status=job.status, metrics=job.metrics)
        case "Failed":
            reason = f"the training failed: {job.reason or 'Azure ML gives no reason'}"
            return Failed((reason,), job.status, job.metrics)
        case "Canceled":
            return Canceled((f"the job {run.job} was canceled in Azure ML",), job.status, job.metrics)
        case status if status not in KNOWN_STATUSES:
            log.warning("run %s: unknown job status %r; waiting", run.id, status)
    return Waiting(job)


def _missing(run: Run, services: Services) -> Event | Waiting:
    """Wait for a job that Azure ML does not know: the answer may be wrong, or a setting that people can mend."""
    now = services.clock()
    since = run.missing_since or now
    if now - since > MISSED_FOR:
        return Missing((f"Azure ML has not known the job {run.job} for an hour",))
    return Waiting(
        Job(MISSING, metrics=run.metrics, missing_since=since), f"Azure ML does not know the job {run.job}"
    )
