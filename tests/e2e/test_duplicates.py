"""The same event delivered five times, at once and later, makes one of everything."""

import json
from pathlib import Path
from uuid import uuid4

from tests.cloud import eventually
from tests.e2e.client import Person

TITLES = {"training": ": training has begun", "serving": " is serving"}


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
    person.drop("twice.yaml", b"epochs: 1\n")  # the shortest training: how well it answers is not the point
    etag = person.drop(path, Path("samples/support.jsonl").read_bytes())
    upload = event(person, path, etag)
    assert set(person.cloud.send_event("dataset-uploaded", upload, times=3, at_once=True)) == {202}
    run = person.ended_run(path)
    assert set(person.cloud.send_event("dataset-uploaded", upload, times=2)) == {202}
    assert run["state"] == "serving", run
    assert [r["id"] for r in person.runs(path)] == [run["id"]]

    for kind in ("jobs", "serverlessEndpoints"):
        puts = [call["path"] for call in person.cloud.history("arm") if call["method"] == "PUT"]
        # Two workers at once may both create; the name derives from the run, so it is one thing all the same.
        assert len({path for path in puts if f"/{kind}/" in path and run["id"] in path}) == 1
    messages = eventually(lambda: told_of(person, run["id"]), 30)
    assert sorted(messages) == sorted((channel, state) for channel in ("email", "teams") for state in TITLES)


def told_of(person: Person, run_id: str) -> list[tuple[str, str]] | None:
    """Return (channel, state) of every message about the run, once all four are there."""
    found = [m for m in person.cloud.messages() if run_id in json.dumps(m)]
    told = [(m["channel"], next(s for s, title in TITLES.items() if title in json.dumps(m))) for m in found]
    return told if len(told) >= 4 else None


def test_a_notification_delivered_five_times_at_once_is_sent_once(person):
    run_id = f"r{uuid4().hex[:20]}"
    facts = {"id": run_id, "model": "five", "dataset": "five.jsonl", "state": "failed", "reasons": ["a test"]}
    facts |= {"created": "2026-11-20T12:00:00+00:00", "since": "2026-11-20T12:00:00+00:00", "base_model": "Phi-4"}
    facts |= {"training_examples": 1, "validation_examples": 1, "tokens": 1, "owner": "", "channel": "teams"}
    facts |= {"attempt": 1, "job_attempt": 1, "hyperparameters": {}, "notify": "", "cost": {}}
    facts |= {"job": {"metrics": {}}}
    told = {
        "id": str(uuid4()),
        "topic": "tunedrop",
        "subject": f"/runs/{run_id}",
        "eventType": "TuneDrop.TeamsNotification",
        "eventTime": "2026-11-20T12:00:00Z",
        "dataVersion": "1",
        "metadataVersion": "1",
        "data": facts,
    }
    # While one sends, the others answer 500: Event Grid would come back, and then find it sent.
    statuses = person.cloud.send_event("notify-teams", told, times=5, at_once=True)
    assert 202 in statuses
    assert set(statuses) <= {202, 500}
    assert person.cloud.send_event("notify-teams", told, times=2) == [202, 202]
    assert len([message for message in person.cloud.messages("teams") if run_id in json.dumps(message)]) == 1
