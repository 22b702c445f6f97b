"""Events and uploads of somebody who means harm: only what lies in our own container is ever read."""

from datetime import UTC, datetime

import azure.functions as func
import pytest

from functions.dataset_uploaded import dropped_in
from shared.core.dataset.findings import Findings
from shared.core.dataset.manifest import Manifest, manifest_of
from shared.core.dataset.rules import RULES
from shared.core.run import State
from tests.unit.world import GOOD, World

BLOBS = "/blobServices/default/containers/datasets/blobs/"
OURS = "https://st.blob.core.windows.net/datasets/"


def event(subject: str, url: str = f"{OURS}support.jsonl", **changes: str) -> func.EventGridEvent:
    facts = {"api": "PutBlob", "eTag": "0x1", "url": url, "contentLength": len(GOOD)}
    return func.EventGridEvent(
        id="1",
        data=facts | changes,
        topic="/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/another",
        subject=subject,
        event_type=changes.get("event_type", "Microsoft.Storage.BlobCreated"),
        event_time=datetime(2026, 11, 20, 12, tzinfo=UTC),
        data_version="",
    )


@pytest.mark.parametrize(
    "subject",
    [
        "/blobServices/default/containers/reports/blobs/support.jsonl",
        "/blobServices/default/containers/datasets2/blobs/support.jsonl",
        "/blobServices/default/containers/reports/blobs/containers/datasets/blobs/support.jsonl",
        "https://st.blob.core.windows.net/datasets/support.jsonl",
        f"{BLOBS}support.jsonl?sig=x",
        "",
    ],
)
def test_an_event_about_anything_but_our_container_is_passed_over(subject: str):
    assert dropped_in(event(subject)) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/metadata/identity/oauth2/token",
        "https://evil.example/datasets/support.jsonl",
        "file:///etc/passwd",
    ],
)
def test_the_url_of_an_event_is_never_fetched(url: str):
    """It goes into the run's id, as a text; what is read is the path, in our own container."""
    world = World()
    dropped = dropped_in(event(f"{BLOBS}support.jsonl", url))
    assert dropped is not None
    run_id = world.receive(dropped)
    world.tick(5)
    run = world.run(run_id)
    assert (run.dataset, run.state, world.training.jobs) == ("support.jsonl", State.REJECTED, {})


@pytest.mark.parametrize(
    "path",
    [
        "../reports/support.jsonl",
        "a/../../reports/support.jsonl",
        "..%2freports%2fsupport.jsonl",
        "/etc/passwd.jsonl",
        "a\\..\\b.jsonl",
        "a\u202egnp.jsonl",
        "a/b/c.jsonl",
    ],
)
def test_a_path_that_leads_elsewhere_trains_nothing(path: str):
    world = World()
    dropped = dropped_in(event(f"{BLOBS}{path}"))
    assert dropped is not None
    run_id = world.intake.receive(dropped)
    world.tick(5)
    assert world.training.jobs == {}
    assert run_id is None or world.run(run_id).state is State.REJECTED


def bomb(levels: int = 30) -> bytes:
    lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, levels))]
    return "\n".join(lines).encode()


@pytest.mark.parametrize(
    "manifest",
    [
        bomb(),
        b"epochs: &a [*a]",
        b"epochs: &a {b: *a}",
        b"owner: !!python/object/apply:os.system [id]",
        b"owner: *nobody",
        b"<<: &a {epochs: 3}",
    ],
)
def test_a_manifest_bomb_is_refused_and_not_unfolded(manifest: bytes):
    findings = Findings(RULES, "support.yaml")
    assert manifest_of(manifest, findings) == Manifest()
    assert findings.has_errors
