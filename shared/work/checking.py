"""The work of `received`: check and screen the dataset, write the report, make the split."""

from dataclasses import replace

from shared.core import names
from shared.core.base_models import base_model
from shared.core.dataset import Report, check_dataset, reasons, report_json, split_files
from shared.core.dataset.drift import with_drift
from shared.core.dataset.harm import with_harms
from shared.core.dataset.naming import NotADataset
from shared.core.dataset.report_html import report_html
from shared.core.events import Accepted, Event, Rejected
from shared.core.run import Checked, Run
from shared.drop import Drop, drop_of
from shared.errors import NotFound
from shared.ports import Datasets, Deployment
from shared.work.services import Services, Waiting

REASONS_LIMIT = 20  # findings named in the run and in its notifications; the report has them all


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
        misnamed=drop.misnamed,
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
        route=base_model(report.manifest.base_model).route.value,
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
