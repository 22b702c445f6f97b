"""The contract of Reports: the link opens the report for whoever has it, and nothing else."""

import secrets
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from localcloud.control import Control, Fault
from shared.core.messages import ReportPlace
from shared.core.run import Run
from shared.errors import ServiceUnavailable
from shared.gateways.blob_store import BlobStore
from shared.gateways.report_links import LONGEST, ReportLinks
from shared.ports import Datasets, Reports
from shared.settings import Settings
from tests.contract.azure_ml import AGAIN_AND_AGAIN
from tests.contract.conftest import Real
from tests.contract.storage_way import way_to_storage
from tests.fakes import FakeDatasets, FakeReports

PAGE = b"<!doctype html><title>report</title>"


@pytest.fixture
def reports(either) -> tuple[Datasets, Reports]:
    def fake() -> tuple[Datasets, Reports]:
        datasets = FakeDatasets()
        return datasets, FakeReports(datasets)

    def gateway(real: Real) -> tuple[Datasets, Reports]:
        return BlobStore(real.settings, real.credential), ReportLinks(real.settings, real.credential)

    return either(fake, gateway)


def write(datasets: Datasets, run: Run) -> None:
    datasets.write(f"{run.id}/report.html", [PAGE], "text/html; charset=utf-8")


def test_a_report_has_a_place_and_a_link_for_some_time(reports: tuple[Datasets, Reports], run: Run):
    write(reports[0], run)
    now = datetime.now(UTC)
    place = reports[1].place_of(run.id, now)
    assert place is not None
    assert place.path == f"reports/{run.id}/report.html"
    assert place.url.startswith("https://")
    assert now < place.until <= now + timedelta(days=7)


def test_where_there_is_no_report_there_is_no_place(reports: tuple[Datasets, Reports], run: Run):
    assert reports[1].place_of(run.id, datetime.now(UTC)) is None


@pytest.fixture
def place(real: Real, run: Run) -> ReportPlace:
    """The place of a report in the local cloud, beside which there is another file."""
    datasets = BlobStore(real.settings, real.credential)
    write(datasets, run)
    datasets.write(f"{run.id}/training.jsonl", [b"{}"], "application/x-ndjson")
    found = ReportLinks(real.settings, real.credential).place_of(run.id, datetime.now(UTC))
    assert found is not None
    return found


def opened(real: Real, url: str, method: str = "GET", body: bytes | None = None) -> tuple[int, bytes, str]:
    """Return status, body and content type for somebody who has the URL and nothing else."""
    trust = ssl.create_default_context(cafile=real.cloud.ca_file)
    request = urllib.request.Request(url, body, {"x-ms-blob-type": "BlockBlob"}, method=method)
    try:
        with urllib.request.urlopen(request, context=trust) as answer:
            return answer.status, answer.read(), answer.headers["content-type"]
    except urllib.error.HTTPError as error:
        with error:
            return error.code, b"", ""


def test_the_link_opens_the_page_without_credentials(real: Real, place: ReportPlace):
    assert opened(real, place.url) == (200, PAGE, "text/html; charset=utf-8")


def test_without_its_signature_the_link_opens_nothing(real: Real, place: ReportPlace):
    assert opened(real, place.url.split("?")[0])[0] == 403
    assert opened(real, place.url[:-4] + secrets.token_hex(2))[0] == 403


@pytest.mark.parametrize(("method", "body"), [("PUT", b"mine"), ("DELETE", None)])
def test_the_link_is_for_reading_only(real: Real, place: ReportPlace, method: str, body: bytes | None):
    assert opened(real, place.url, method, body)[0] == 403
    assert opened(real, place.url)[1] == PAGE


def test_the_link_opens_no_other_blob_and_lists_none(real: Real, place: ReportPlace):
    container = place.url.split("/reports/")[0] + "/reports"
    assert opened(real, place.url.replace("report.html", "training.jsonl"))[0] == 403
    assert opened(real, f"{container}?restype=container&comp=list&{place.url.split('?')[1]}")[0] == 403


@pytest.mark.parametrize(("days", "life"), [("1", timedelta(days=1)), ("7", LONGEST)])
def test_the_link_works_as_long_as_the_setting_says(real: Real, place: ReportPlace, days: str, life: timedelta):
    links = ReportLinks(replace(real.settings, report_link_days=days), real.credential)
    run_id, now = place.path.split("/")[1], datetime.now(UTC)
    assert links.place_of(run_id, now).until == now + life
    long_ago = now - life - timedelta(minutes=1)
    assert opened(real, links.place_of(run_id, long_ago).url)[0] == 403


def test_without_days_there_is_no_link(real: Real, place: ReportPlace):
    links = ReportLinks(replace(real.settings, report_link_days="0"), real.credential)
    assert links.place_of(place.path.split("/")[1], datetime.now(UTC)) == ReportPlace(place.path)


def test_a_link_is_for_https_only_and_signed_by_an_identity(place: ReportPlace):
    terms = dict(part.split("=", 1) for part in place.url.split("?")[1].split("&"))
    assert (terms["sp"], terms["spr"], terms["sr"]) == ("r", "https", "b")
    assert terms["skoid"]


@pytest.fixture(scope="module")
def breakable(whole_cloud: Real) -> Iterator[tuple[Settings, Control]]:
    with way_to_storage(whole_cloud.cloud) as (urls, control):
        yield replace(whole_cloud.settings, blob_url=urls["blob"]), control


@pytest.mark.parametrize("failing", ["HEAD ", "POST "], ids=["looking for the report", "the key"])
def test_when_storage_does_not_answer_that_is_said(
    real: Real, place: ReportPlace, breakable: tuple[Settings, Control], failing: str
):
    settings, control = breakable
    control.faults.append(Fault("storage", failing, times=AGAIN_AND_AGAIN, status=503))
    with pytest.raises(ServiceUnavailable, match="503"):
        ReportLinks(settings, real.credential).place_of(place.path.split("/")[1], datetime.now(UTC))
    control.faults.clear()
