"""Event Grid, BlobCreated: record a run for the uploaded dataset and queue it; answers in milliseconds."""

import logging
from datetime import UTC, datetime

import azure.functions as func

from shared.ports import Dropped
from shared.wiring import app

bp = func.Blueprint()
log = logging.getLogger(__name__)

# PutBlob and PutBlockList come when a blob is whole, CopyBlob when a copy is; on accounts with a
# hierarchical namespace FlushWithClose does, and CreateFile, with no content yet, must be passed over.
WHOLE = frozenset({"PutBlob", "PutBlockList", "CopyBlob", "FlushWithClose"})
SUBJECT = "/blobServices/default/containers/datasets/blobs/"


@bp.event_grid_trigger(arg_name="event")
def dataset_uploaded(event: func.EventGridEvent) -> None:
    """Start a run for the uploaded blob; everything after that is the queue's and the timer's."""
    dropped = dropped_in(event)
    if dropped is None:
        log.info("event %s is not about a dataset: %s", event.id, event.subject)
        return
    app().intake.receive(dropped)


def dropped_in(event: func.EventGridEvent) -> Dropped | None:
    """Return what was dropped, or None when the event is not about a whole blob in `datasets`.

    The path is the subject's: `data.url` names another host and form for data-lake uploads.
    """
    facts = event.get_json()
    if event.event_type != "Microsoft.Storage.BlobCreated" or facts.get("api") not in WHOLE:
        return None
    if not event.subject.startswith(SUBJECT) or not event.subject.endswith(".jsonl"):
        return None
    return Dropped(
        path=event.subject.removeprefix(SUBJECT),
        etag=facts["eTag"],
        url=facts["url"],
        modified=event.event_time or datetime.now(UTC),
        size=facts.get("contentLength", 0),
    )
