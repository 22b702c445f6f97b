"""A run's row stays within what a table takes."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from shared.core.run import Checked, Run, State
from shared.gateways.run_rows import REASON_LIMIT, REASONS_LIMIT, columns_of, run_of, text_of

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
RUN = Run("r0", "support", "support.jsonl", "0x1", NOW, State.RECEIVED, NOW)
COLUMN_LIMIT = 64 * 1024  # bytes of UTF-16


@pytest.mark.parametrize("character", ["x", "ü", "🙂", "\n", "\x00", '"'])
def test_no_column_is_too_large(character: str):
    run = replace(
        RUN,
        reasons=(character * 10_000,) * 100,
        checked=Checked(system_message=character * 100_000, hyperparameters={"learning_rate": "0.1"}),
    )
    columns = columns_of(run)
    assert max(len(str(value).encode("utf-16-le")) for value in columns.values()) <= COLUMN_LIMIT
    kept = run_of(columns | {"PartitionKey": run.id})
    assert len(kept.checked.system_message) >= 2_000
    assert set(kept.checked.system_message) == {character}
    assert len(kept.reasons) == REASONS_LIMIT
    assert all(100 < len(reason) <= REASON_LIMIT for reason in kept.reasons)


@pytest.mark.parametrize("reason", ["line 3: not JSON", "ü" * 250, "🙂 in line 7"])
def test_what_is_of_ordinary_length_is_kept_whole(reason: str):
    run = replace(RUN, reasons=(reason,), checked=Checked(system_message="Be kind. " * 2_000))
    assert run_of(columns_of(run) | {"PartitionKey": run.id}) == run


@pytest.mark.parametrize(
    ("route", "endpoint"), [("serverless", "td-r0"), ("managed", "tm-r0"), (None, "td-r0")], ids=str
)
def test_a_run_keeps_its_route_and_an_older_row_is_of_a_serverless_one(route: str | None, endpoint: str):
    row = columns_of(replace(RUN, checked=Checked(route=route or "serverless"))) | {"PartitionKey": RUN.id}
    if route is None:
        checked = json.loads(row["checked"])
        del checked["route"]
        row["checked"] = json.dumps(checked)
    assert run_of(row).endpoint == endpoint


@pytest.mark.parametrize("missing_since", [None, NOW])
def test_a_row_of_an_earlier_version_misses_no_job(missing_since: datetime | None):
    row = columns_of(replace(RUN, missing_since=missing_since)) | {"PartitionKey": RUN.id}
    assert run_of(row).missing_since == missing_since
    del row["missing_since"]
    assert run_of(row).missing_since is None


def test_times_sort_as_text_whatever_their_zone():
    zone = timezone(timedelta(hours=5))
    times = [NOW, (NOW + timedelta(microseconds=1)).astimezone(zone), NOW + timedelta(seconds=1)]
    assert sorted(map(text_of, times)) == [text_of(time) for time in times]
