"""The work of each state: a few lines that ask a service and say what was learned."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.core import names
from shared.core.dataset import Report, check_dataset, reasons, report_json, split_files
from shared.core.dataset.cost import UNKNOWN_PRICES, Prices
from shared.core.dataset.drift import with_drift
from shared.core.dataset.harm import with_harms
from shared.core.dataset.naming import NotADataset
from shared.core.dataset.report_html import report_html
from shared.core.events import (
    Accepted,
    Answered,
    Canceled,
    CleanedUp,
    Completed,
    Event,
    Failed,
    NotAnswered,
    Ready,
    Refused,
    Rejected,
    Submitted,
)
from shared.core.lifecycle import Work
from shared.core.run import Checked, Run
from shared.drop import Drop, drop_of
from shared.errors import NotFound, ServiceRefused
from shared.ports import PREFLIGHT, Datasets, Deployment, Endpoints, Job, Models, Training
from shared.screening import Screening

log = logging.getLogger(__name__)

NO_RIGHTS = frozenset({401, 403})  # a new role assignment takes minutes to be known: wait for it
SETTLED_AFTER = timedelta(seconds=30)  # what a dying host asked Azure ML for may come into being this late
REASONS_LIMIT = 20  # findings named in the run and in its notifications; the report has them all
KNOWN_STATUSES = frozenset(
    {"NotStarted", "Starting", "Provisioning", "Preparing", "Queued", "Running", "Finalizing"}
    | {"CancelRequested", "Completed", "Failed", "Canceled", "NotResponding", "Paused", "Unknown"}
)


@dataclass(frozen=True)
class Waiting:
    """Nothing has happened yet; the job's latest status where the work read one, and what is waited for."""

    job: Job | None = None
    trouble: str = ""


@dataclass(frozen=True)
class Services:
    """What the work needs of the world."""

    datasets: Datasets
    training: Training
    endpoints: Endpoints
    models: Models
    screening: Screening
    verify: Callable[[Deployment, Run], str | None]  # what is wrong with the deployment's answer, or None
    clock: Callable[[], datetime]
    default_base_model: str = "Phi-4-mini-instruct"
    prices: Prices = UNKNOWN_PRICES


def check(run: Run, services: Services) -> Event | Waiting:
    """Check and screen the dataset, write the report, and, where it is fit, the files to train on."""
    try:
        drop = drop_of(run, services.datasets)
        screening = services.screening.begun(run.id, drop)
        if screening and not screening.done:
            return Waiting(trouble=screening.told())
        report = _report(run, drop, services)
        served = services.models.find(run.model)
        problem = _already_served(run, report, served)
        report = _compared(run, report, served, services)
        if report.accepted and not problem:
            screening = screening or services.screening.begin(run.id, drop, report)
            report = with_harms(report, screening.harms, screening.summary())
        _tell(run, report, services)
        if screening and not screening.done:
            return Waiting(trouble=screening.told())
        if not report.accepted or problem:
            # Its system message may hold what rejected it, a secret for one: it is not kept.
            found = replace(_facts(report), system_message="")
            return Rejected((problem,) if problem else reasons(report, REASONS_LIMIT), found)
        files = split_files(report, drop.dataset, drop.validation)
        for name, pieces in zip(("training", "validation"), files, strict=True):
            services.datasets.write(f"{run.id}/{name}.jsonl", pieces, "application/x-ndjson")
    except NotADataset as problem:
        return Rejected((problem.reason,))
    except NotFound:
        return _moved(run, services.datasets)
    return Accepted(checked=_facts(report))


def _tell(run: Run, report: Report, services: Services) -> None:
    """Write the report, for programs and for people: under the run's id, and beside the dataset."""
    for kind, content, content_type in (
        ("json", report_json(report), "application/json"),
        ("html", report_html(report, run.id, services.clock()), "text/html; charset=utf-8"),
    ):
        services.datasets.write(f"{run.id}/report.{kind}", [content], content_type)
        services.datasets.write_beside(run.dataset, f".report.{kind}", content, content_type)


def _report(run: Run, drop: Drop, services: Services) -> Report:
    return check_dataset(
        drop.dataset,
        drop.validation,
        drop.manifest_bytes(),
        run.dataset,
        default_base_model=services.default_base_model,
        today=services.clock().date(),
        prices=services.prices,
        held_out=drop.held_out,
    )


def _moved(run: Run, datasets: Datasets) -> Event | Waiting:
    """Return what follows when a blob went away while it was read.

    An overwriting upload of the dataset has its own run; a changed file beside it has none: it is read again.
    """
    there = datasets.find(run.dataset)
    if there is not None and names.bare_etag(there.etag) == run.etag:
        return Waiting()
    return Rejected((f"{run.dataset} was removed or replaced before its check; a new upload is a new run",))


def _compared(run: Run, report: Report, served: Deployment | None, services: Services) -> Report:
    """Return the report with how far the dataset is from the one of the served model, where there is one."""
    if served is None or served.run_id == run.id or not report.accepted:
        return report
    earlier = services.datasets.read(f"{served.run_id}/report.json")
    return report if earlier is None else with_drift(report, earlier, served.run_id)


def _already_served(run: Run, report: Report, served: Deployment | None) -> str | None:
    """Return why the very same drop is not trained again, or None."""
    if served is None or served.run_id == run.id or served.content_hash != report.content_hash:
        return None
    return (
        f"the same dataset and settings serve as {run.model!r} already (run {served.run_id}); nothing was trained"
    )


def _facts(report: Report) -> Checked:
    cost = report.measures.get("cost", {})
    return Checked(
        base_model=report.manifest.base_model,
        training_examples=report.training_examples,
        validation_examples=report.validation_examples,
        tokens=report.tokens,
        content_hash=report.content_hash,
        hyperparameters=report.manifest.hyperparameters(),
        system_message=report.system_message,
        owner=report.manifest.owner,
        notify=",".join(report.manifest.notify),
        trained_tokens=cost.get("trained_tokens", 0),
        training_cost=cost.get("training"),
        hosting_per_day=cost.get("hosting_per_day"),
        currency=cost.get("currency", ""),
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
        return Failed((f"Azure ML no longer knows the job {run.job}",))
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


def clean_up(run: Run, services: Services) -> Event | Waiting:
    """Leave nothing of the run; look once more after a while, for what was under way when the clean-up began."""
    left = _left(run, services)
    if left:
        return Waiting(trouble=f"{', '.join(left)} still there")
    settled = services.clock() - run.since >= SETTLED_AFTER
    return CleanedUp() if settled else Waiting(trouble="a last look for what comes late")


def delete(run: Run, services: Services) -> Event | Waiting:
    """Leave nothing of the run, then archive its model: Azure ML refuses that while an endpoint serves it."""
    left = _left(run, services)
    if left:
        return Waiting(trouble=f"{', '.join(left)} still there")
    services.training.archive(run)
    return CleanedUp()


def _left(run: Run, services: Services) -> list[str]:
    """Free the name, cancel jobs and delete endpoints of every attempt; return what is there still."""
    attempts = [replace(run, attempt=number, job_attempt=number) for number in range(1, run.attempt + 1)]
    left = [] if _free_name(run, services) else [f"the name {run.model}"]
    left += [f"the job {one.job}" for one in attempts if not services.training.cancel(one)]
    left += [f"the endpoint {one.endpoint}" for one in attempts if not services.endpoints.delete(one.endpoint)]
    return left


def _free_name(run: Run, services: Services) -> bool:
    """Let the model's name point at nothing where it points at this run; True once it does not."""
    served = services.models.find(run.model)
    if served is None or served.run_id != run.id:
        return True
    if served.previous_endpoint and not services.endpoints.delete(served.previous_endpoint):
        return False  # the row is all that remembers that endpoint
    services.models.free(served)
    return True


def deploy(run: Run, services: Services) -> Event | Waiting:
    """Create the endpoint, or read how far it is."""
    try:
        endpoint = services.endpoints.create(run)
    except ServiceRefused as refusal:
        if refusal.status in NO_RIGHTS:
            raise
        return Failed((f"Azure ML refused the endpoint: {refusal.reason}",))
    if endpoint.state == "succeeded":
        return Ready(endpoint_url=endpoint.url)
    if endpoint.state in ("failed", "canceled"):
        return Failed((f"the endpoint was not provisioned: {endpoint.reason or endpoint.state}",))
    return Waiting()


def verify(run: Run, services: Services) -> Event | Waiting:
    """Ask the new deployment through the moderated path; then let the model's name point at it."""
    served = services.models.find(run.model)
    if served is not None and served.run_id == run.id:
        return Answered()  # done before; the run's row was not saved
    deployment = _deployment(run, services.clock())
    problem = services.verify(deployment, run)
    if problem:
        return NotAnswered((problem,))
    served = services.models.point(deployment)
    if served.run_id != run.id:
        return NotAnswered((f"a newer upload already serves {run.model!r} (run {served.run_id})",))
    return Answered()


def _deployment(run: Run, now: datetime) -> Deployment:
    return Deployment(
        model=run.model,
        run_id=run.id,
        endpoint=run.endpoint,
        url=run.endpoint_url,
        base_model=run.checked.base_model,
        created=now,
        dataset_created=run.created,
        content_hash=run.checked.content_hash,
    )


WORK: Mapping[Work, Callable[[Run, Services], Event | Waiting]] = {
    Work.CHECK_DATASET: check,
    Work.SUBMIT_JOB: submit,
    Work.READ_JOB: read_job,
    Work.CLEAN_UP: clean_up,
    Work.DEPLOY: deploy,
    Work.VERIFY: verify,
    Work.DELETE: delete,
}
