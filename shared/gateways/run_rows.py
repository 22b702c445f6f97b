"""A run as columns of a table row, and back; times are ISO 8601 in UTC, so that they sort as text."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from shared.core.run import Checked, Moment, Run, State
from shared.ports import Job

# A string column holds 64 KiB of UTF-16, that is 32,768 characters of JSON; an emoji is twelve of them.
REASONS_LIMIT = 20
REASON_LIMIT = 250  # characters
REASON_JSON_LIMIT = 1_510  # characters of JSON
SYSTEM_MESSAGE_LIMIT = 28_000  # characters of JSON; what the verification asks with, so a cut one does


def columns_of(run: Run) -> dict[str, Any]:
    """Return the run as columns, without keys."""
    checked = asdict(run.checked)
    checked["system_message"] = _within(checked["system_message"], SYSTEM_MESSAGE_LIMIT)
    return {
        "model": run.model,
        "dataset": run.dataset,
        "etag": run.etag,
        "created": text_of(run.created),
        "state": run.state.value,
        "since": text_of(run.since),
        "reasons": _reasons_text(run.reasons),
        "checked": json.dumps(checked),
        "endpoint_url": run.endpoint_url,
        "attempt": run.attempt,
        "job_attempt": run.job_attempt,
        "stopped_in": run.stopped_in.value if run.stopped_in else "",
        **job_columns(Job(run.job_status, metrics=run.metrics, missing_since=run.missing_since)),
    }


def run_of(row: Mapping[str, Any]) -> Run:
    """Return the run that a row holds."""
    missing = row.get("missing_since")  # rows of an earlier version have none
    return Run(
        id=row["PartitionKey"],
        model=row["model"],
        dataset=row["dataset"],
        etag=row["etag"],
        created=datetime.fromisoformat(row["created"]),
        state=State(row["state"]),
        since=datetime.fromisoformat(row["since"]),
        reasons=tuple(json.loads(row["reasons"])),
        checked=Checked(**json.loads(row["checked"])),
        job_status=row["job_status"],
        missing_since=datetime.fromisoformat(missing) if missing else None,
        metrics=json.loads(row["metrics"]),
        endpoint_url=row["endpoint_url"],
        attempt=row["attempt"],
        job_attempt=row["job_attempt"],
        stopped_in=State(row["stopped_in"]) if row["stopped_in"] else None,
    )


def job_columns(job: Job) -> dict[str, Any]:
    """Return those columns of a run that Azure ML's word on its job changes."""
    missing = text_of(job.missing_since) if job.missing_since else ""
    return {"job_status": job.status, "metrics": json.dumps(dict(job.metrics)), "missing_since": missing}


def moment_columns(run: Run) -> dict[str, Any]:
    """Return the run's arrival in its state as columns, without keys."""
    return {"at": text_of(run.since), "state": run.state.value, "reasons": _reasons_text(run.reasons)}


def moment_of(row: Mapping[str, Any]) -> Moment:
    """Return the moment that a row holds."""
    return Moment(datetime.fromisoformat(row["at"]), row["state"], tuple(json.loads(row["reasons"])))


def _reasons_text(reasons: tuple[str, ...]) -> str:
    # Each cut to a readable length; the report holds them all.
    return json.dumps([_cut(reason) for reason in reasons[:REASONS_LIMIT]])


def _within(text: str, limit: int) -> str:
    """Return the text, cut so that its JSON has at most `limit` characters."""
    while (size := len(json.dumps(text))) > limit:
        text = text[: len(text) * limit // size]
    return text


def _cut(reason: str) -> str:
    short = reason if len(reason) <= REASON_LIMIT else reason[: REASON_LIMIT - 1] + "…"
    return _within(short, REASON_JSON_LIMIT)


def text_of(moment: datetime) -> str:
    """Return a time as text that sorts as the time does."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
