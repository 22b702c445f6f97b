from datetime import UTC, datetime

import pytest

from localcloud.functions_host.ncrontab import ScheduleError, schedule_in

FRIDAY = datetime(2026, 11, 20, 20, 59, 58, 700_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "comes_at"),
    [
        ("* * * * * *", "2026-11-20T20:59:59"),
        ("*/2 * * * * *", "2026-11-20T21:00:00"),
        ("0 * * * * *", "2026-11-20T21:00:00"),
        ("* * * * *", "2026-11-20T21:00:00"),  # five fields: at second 0
        ("30 */5 * * * *", "2026-11-20T21:00:30"),
        ("0 30 9 * * *", "2026-11-21T09:30:00"),
        ("0 0 9 * * 1-5", "2026-11-23T09:00:00"),  # Friday evening: Monday
        ("0 0 9 * * mon,wed", "2026-11-23T09:00:00"),
        ("0 0 0 1 * *", "2026-12-01T00:00:00"),
        ("0 0 0 1 jan *", "2027-01-01T00:00:00"),
        ("0 0 0 29 2 *", "2028-02-29T00:00:00"),
        ("0 0 0 13 * 5", "2027-08-13T00:00:00"),  # day and weekday must both match: a Friday the 13th
        ("59 59 20 20 11 *", "2026-11-20T20:59:59"),
        ("58 59 20 20 11 *", "2027-11-20T20:59:58"),  # this second has begun already
        ("10-20/5,50 0 0 * * *", "2026-11-21T00:00:10"),
        ("5/20 * * * * *", "2026-11-20T21:00:05"),
    ],
)
def test_a_timer_comes_next_at(schedule: str, comes_at: str) -> None:
    assert schedule_in(schedule).next_after(FRIDAY) == datetime.fromisoformat(comes_at).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "names"),
    [
        ("* * * *", "4 fields"),
        ("60 * * * * *", "second"),
        ("* * 24 * * *", "hour"),
        ("* * * 0 * *", "day"),
        ("* * * * 13 *", "month"),
        ("* * * * * 7", "weekday"),
        ("*/0 * * * * *", "second"),
        ("9-5 * * * * *", "second"),
        ("x * * * * *", "second"),
        ("* * * * moon *", "month"),
        ("00:00:05", "1 fields"),
    ],
)
def test_a_bad_schedule_is_refused_with_its_field(schedule: str, names: str) -> None:
    with pytest.raises(ScheduleError, match=names):
        schedule_in(schedule)


def test_a_day_that_never_comes_is_an_error_instead_of_an_endless_search() -> None:
    with pytest.raises(ScheduleError, match="never"):
        schedule_in("0 0 0 31 2 *").next_after(FRIDAY)
