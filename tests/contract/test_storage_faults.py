"""Every change in storage may break off before or after it took effect: said as such, and repeated into one."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from localcloud.control import Control, Fault
from shared.core.lifecycle import Decision
from shared.core.run import Channel, Notification, Run, State
from shared.errors import Conflict, ServiceUnavailable
from shared.gateways.blob_store import BlobStore
from shared.gateways.code_folder import CodeFolder
from shared.gateways.key_table import KeyTable
from shared.gateways.model_table import ModelTable
from shared.gateways.run_queue import RunQueue
from shared.gateways.run_table import RunTable
from shared.ports import CLAIM_HOLDS, ApiKey, Deployment
from shared.settings import Settings
from tests.contract.conftest import Real
from tests.contract.examples import START
from tests.contract.storage_way import way_to_storage
from tests.unit.gateways.rest_workspace import RestWorkspace

ATTEMPTS = 12  # more than any SDK makes within one call


@dataclass(frozen=True)
class Way:
    """The gateways' settings on the breakable way, and what breaks it."""

    settings: Settings
    control: Control
    credential: Any

    def breaks(self, when: str, match: str) -> None:
        self.control.faults.append(Fault("storage", match, times=ATTEMPTS, when=when, status=500))

    def mended(self) -> None:
        self.control.faults.clear()


@pytest.fixture(scope="module")
def whole_way(whole_cloud: Real) -> Iterator[Way]:
    with way_to_storage(whole_cloud.cloud) as (urls, control):
        settings = replace(
            whole_cloud.settings, blob_url=urls["blob"], queue_url=urls["queue"], table_url=urls["table"]
        )
        yield Way(settings, control, whole_cloud.credential)


@pytest.fixture
def way(whole_way: Way) -> Iterator[Way]:
    yield whole_way
    whole_way.mended()


def broken(way: Way, when: str, match: str, call: Any) -> None:
    """Make the call on the broken way, and see it fail as what it is; then the way is whole again."""
    way.breaks(when, match)
    with pytest.raises((ServiceUnavailable, Conflict)):
        call()
    way.mended()


WHEN = pytest.mark.parametrize("when", ["before", "after"])


@WHEN
def test_a_run_is_recorded_once(way: Way, run: Run, when: str):
    runs = RunTable(way.settings, way.credential)
    broken(way, when, "POST", lambda: runs.add(run))
    assert runs.add(run) is (when == "before")
    assert len(runs.history(run.id)) == 1


@WHEN
def test_a_decision_is_saved_whole_or_not_at_all(way: Way, run: Run, when: str):
    runs = RunTable(way.settings, way.credential)
    runs.add(run)
    version = runs.get(run.id).version
    changed = replace(run, state=State.REJECTED, since=START + timedelta(minutes=1), reasons=("empty",))
    decision = Decision(changed, tuple(Notification(changed, channel) for channel in Channel))
    broken(way, when, "$batch", lambda: runs.save(decision, version))
    took_effect = when == "after"
    assert runs.get(run.id).run == (changed if took_effect else run)
    assert len(runs.outbox(run.id)) == (2 if took_effect else 0)
    assert len(runs.history(run.id)) == (2 if took_effect else 1)
    if took_effect:
        with pytest.raises(Conflict):
            runs.save(decision, version)
    else:
        runs.save(decision, version)
    assert len(runs.outbox(run.id)) == 2


@WHEN
def test_a_claim_that_broke_off_lapses(way: Way, run: Run, when: str):
    runs = RunTable(way.settings, way.credential)
    news = Notification(replace(run, state=State.SERVING), Channel.TEAMS)
    broken(way, when, "POST", lambda: runs.claim(news, START))
    if when == "after":
        with pytest.raises(Conflict):  # ours, but nobody knows: it lapses
            runs.claim(news, START)
    assert runs.claim(news, START + CLAIM_HOLDS)
    runs.sent(news)
    assert not runs.claim(news, START + 9 * CLAIM_HOLDS)


@WHEN
def test_a_published_notification_leaves_the_outbox_once(way: Way, run: Run, when: str):
    runs = RunTable(way.settings, way.credential)
    runs.add(run)
    changed = replace(run, state=State.FAILED)
    told = Notification(changed, Channel.EMAIL)
    runs.save(Decision(changed, (told,)), runs.get(run.id).version)
    broken(way, when, "DELETE", lambda: runs.published(told))
    runs.published(told)
    assert runs.outbox(run.id) == []


@WHEN
def test_a_name_points_at_one_deployment(way: Way, run: Run, when: str):
    models = ModelTable(way.settings, way.credential)
    name = f"m{run.id}"
    here = Deployment(name, run.id, run.endpoint, "https://e", "Phi-4", START, START)
    broken(way, when, "POST", lambda: models.point(here))
    assert models.point(here).run_id == run.id
    assert models.find(name).previous is None


@WHEN
def test_a_key_can_be_added_again(way: Way, run: Run, when: str):
    keys = KeyTable(way.settings, way.credential)
    key = ApiKey(f"00{run.id}", "ann", START)
    broken(way, when, "devstoreaccount1/keys", lambda: keys.add(key))
    assert (keys.find(key.hash) is not None) is (when == "after")


@WHEN
def test_a_run_is_queued_at_least_once(way: Way, run: Run, when: str):
    queue = RunQueue(way.settings, way.credential)
    broken(way, when, "POST", lambda: queue.put(run.id))
    queue.put(run.id)  # asking twice is harmless


@WHEN
def test_a_report_is_written_whole_or_not_at_all(way: Way, run: Run, when: str):
    store = BlobStore(way.settings, way.credential)
    path = f"{run.id}/report.json"
    store.write(path, [b"old"], "application/json")
    broken(way, when, "PUT", lambda: store.write(path, [b"new ", b"words"], "application/json"))
    assert store.read(path) in ((b"old",) if when == "before" else (b"old", b"new words"))
    store.write(path, [b"new ", b"words"], "application/json")
    assert store.read(path) == b"new words"


@WHEN
def test_a_read_that_broke_off_is_said_and_repeated(way: Way, run: Run, when: str):
    store = BlobStore(way.settings, way.credential)
    path = f"{run.id}/screening.json"
    store.write(path, [b"{}"], "application/json")
    broken(way, when, "GET", lambda: store.read(path))
    assert store.read(path) == b"{}"


@WHEN
def test_a_freed_name_points_at_nothing(way: Way, run: Run, when: str):
    models = ModelTable(way.settings, way.credential)
    here = Deployment(f"f{run.id}", run.id, run.endpoint, "https://e", "Phi-4", START, START)
    models.point(here)
    broken(way, when, "DELETE", lambda: models.point_back(here))
    models.point_back(here)
    assert models.find(here.model) is None


@WHEN
def test_a_name_points_back_once(way: Way, run: Run, when: str):
    models = ModelTable(way.settings, way.credential)
    here = Deployment(f"b{run.id}", run.id, run.endpoint, "https://e", "Phi-4", START, START)
    newer = replace(here, run_id="r9", endpoint="td-r9", dataset_created=START + timedelta(hours=1))
    models.point(here)
    models.point(newer)
    broken(way, when, "PUT", lambda: models.point_back(newer))
    models.point_back(newer)
    assert models.find(here.model) == here


@WHEN
def test_code_is_named_only_once_it_lies_there_whole(way: Way, run: Run, when: str, tmp_path: Path):
    for part in ("scorer", "trainer"):
        (tmp_path / part).mkdir()
        (tmp_path / part / "part.py").write_text(f"# {run.id}, {when}\n")
    arm = RestWorkspace()
    code = CodeFolder(way.settings, way.credential, arm, tmp_path)
    asset = f"codes/tunedrop-{code.hash}/versions/1"
    broken(way, when, "PUT", code.asset)
    assert asset not in arm.resources
    code.asset()
    assert asset in arm.resources
    store = BlobStore(way.settings, way.credential)
    laid = {name: store.read(f"code/{code.hash}/{name}") for name in code.files}
    assert laid == code.files


@WHEN
def test_who_asked_last_is_noted_again_where_it_broke_off(way: Way, run: Run, when: str):
    models, name = ModelTable(way.settings, way.credential), f"a{run.id}"
    broken(way, when, "asked", lambda: models.note_asked(name, START))
    assert (name in models.last_asked()) is (when == "after")
    later = START + timedelta(hours=1)
    models.note_asked(name, later)
    assert models.last_asked()[name] == later
