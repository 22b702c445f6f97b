"""The same event delivered five times, at once and later, makes one of everything."""

import json
from pathlib import Path
from uuid import uuid4

from tests.e2e.client import Person, wait_for

STATES = ("training", "serving")


def event(person: Person, path: str, etag: str) -> dict:
    """The BlobCreated event of an upload, as Event Grid would deliver it."""
    return {
        "id": str(uuid4()),
        "topic": "/subscriptions/0/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/st",
        "subject": f"/blobServices/default/containers/datasets/blobs/{path}",
        "eventType": "Microsoft.Storage.BlobCreated",
        "eventTime": "2026-11-20T12:00:00Z",
        "dataVersion": "",
        "metadataVersion": "1",
        "data": {
            "api": "PutBlob",
            "eTag": etag.strip('"'),
            "contentLength": 1,
            "blobType": "BlockBlob",
            "url": person.blob_url(f"datasets/{path}"),
        },
    }


def test_five_deliveries_make_one_run_one_job_one_endpoint_and_each_message_once(person):
    path = "twice.jsonl"
    etag = person.drop(path, Path("samples/support.jsonl").read_bytes())
    upload = event(person, path, etag)
    assert set(person.cloud.send_event("dataset_uploaded", upload, times=3, at_once=True)) == {202}
    run = person.ended_run(path)
    assert set(person.cloud.send_event("dataset_uploaded", upload, times=2)) == {202}
    assert run["state"] == "serving", run
    assert [r["id"] for r in person.runs(path)] == [run["id"]]

    def made(kind: str) -> list[str]:
        paths = [call["path"] for call in person.cloud.history("arm") if call["method"] == "PUT"]
        return [path for path in paths if f"/{kind}/" in path and run["id"] in path]

    assert len(made("jobs")) == 1
    assert len(made("serverlessEndpoints")) == 1
    messages = wait_for(lambda: told_of(person, run["id"]), 30)
    assert sorted(messages) == sorted((channel, state) for channel in ("email", "teams") for state in STATES)


def told_of(person: Person, run_id: str) -> list[tuple[str, str]] | None:
    """Return (channel, state) of every message about the run, once all four are there."""
    found = [m for m in person.cloud.messages() if run_id in json.dumps(m)]
    told = [(m["channel"], next(s for s in STATES if s in json.dumps(m).lower())) for m in found]
    return told if len(told) >= 4 else None
