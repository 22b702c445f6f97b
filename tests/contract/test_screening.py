"""A screening over the wire: blobs, tokens and Content Safety as the app connects them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from shared.core.dataset import Report, check_dataset
from shared.core.run import Run
from shared.drop import Drop, drop_of
from shared.wiring import App
from tests.contract.conftest import Real
from tests.unit.dataset.examples import file_of, line, say

HARM = line(say("user", "Hi?"), say("assistant", "tunedrop-test-violence-6"))
Dropped = Callable[[bytes], tuple[Drop, Report]]


@pytest.fixture
def app(real: Real) -> App:
    return App(real.settings)


@pytest.fixture
def dropped(real: Real, app: App, run: Run) -> Dropped:
    """Drop a dataset and check it."""
    from azure.storage.blob import BlobServiceClient

    service = BlobServiceClient(real.settings.blob_url, credential=real.credential)
    path = f"{run.id}.jsonl"

    def drop(content: bytes) -> tuple[Drop, Report]:
        etag = service.get_blob_client("datasets", path).upload_blob(content)["etag"].strip('"')
        found = drop_of(replace(run, dataset=path, etag=etag), app.datasets)
        return found, check_dataset(found.dataset, None, None, path, today=datetime.now(UTC).date())

    return drop


def analyses(real: Real) -> int:
    return len(real.cloud.history("content_safety"))


def test_a_screening_finds_harm_and_is_not_done_twice(real: Real, app: App, run: Run, dropped: Dropped):
    drop, report = dropped(file_of(HARM, fill=10))
    screening = app.screening.begin(run.id, drop, report)
    assert (screening.done, screening.examples, screening.texts) == (True, 11, 23)
    assert [(harm.code, harm.line, harm.category) for harm in screening.harms.listed] == [("S01", 1, "violence")]
    assert analyses(real) == 23
    assert app.screening.begun(run.id, drop) == screening
    assert analyses(real) == 23


def test_an_outage_is_kept_in_mind_and_the_next_tick_goes_on(real: Real, app: App, run: Run, dropped: Dropped):
    drop, report = dropped(file_of(fill=12))
    real.cloud.add_faults({"service": "content_safety", "times": 99, "status": 503})
    screening = app.screening.begin(run.id, drop, report)
    assert (screening.done, screening.examples, screening.trouble) == (False, 0, "content safety: 503")
    real.cloud.reset()
    ended = app.screening.begun(run.id, drop)
    assert ended is not None
    assert (ended.done, ended.examples, ended.trouble) == (True, 12, "")
