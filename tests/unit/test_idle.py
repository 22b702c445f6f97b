"""Endpoints that nobody asks: who is told, when, and how often."""

from datetime import timedelta

import pytest

from shared.commands import DELETE
from shared.core.run import Notification, State
from shared.errors import ServiceUnavailable
from tests.unit.world import GOOD, World, example

DAY = timedelta(days=1)
AWAY = ServiceUnavailable("a service", "503")


def serving(path: str = "support.jsonl", world: World | None = None) -> tuple[World, str]:
    """Return a world with a model that serves, and its run."""
    world = world or World()
    run_id = world.receive(world.drop(path))
    world.tick(8)
    assert world.run(run_id).state is State.SERVING
    return world, run_id


def told(world: World) -> list[Notification]:
    """Return the news of idle models that Teams got; e-mail must have got as many."""
    cards, mails = ([one for one in channel.sent if one.idle] for channel in (world.teams, world.email))
    assert [one.run.id for one in cards] == [one.run.id for one in mails]
    return cards


@pytest.mark.parametrize(
    ("days", "after", "asked", "counted"),
    [
        (3, 2.9, None, []),
        (3, 3, None, [3]),
        (3, 10.5, None, [10]),
        (1, 1, None, [1]),
        (0, 100, None, []),
        (3, 5, 2.5, []),
        (3, 6, 2.5, [3]),
        (3, 3, -30, [3]),  # a model of the same name was asked long ago
    ],
)
def test_an_endpoint_is_told_of_once_nobody_asked_it_for_so_many_days(
    days: int, after: float, asked: float | None, counted: list[int]
):
    world, run_id = serving()
    begun = world.models.find("support").created
    if asked is not None:
        world.models.note_asked("support", begun + asked * DAY)
    world.now = begun + after * DAY
    world.report_idle(days)
    assert [(one.run.id, one.idle.days) for one in told(world) if one.idle] == [(run_id, each) for each in counted]


def test_each_day_tells_once_however_often_the_timer_runs():
    world, _ = serving()
    for day, heard in ((3, 1), (4, 2)):
        world.now = world.models.find("support").created.replace(hour=7) + day * DAY + timedelta(hours=6)
        world.report_idle()
        world.now += timedelta(minutes=5)
        world.report_idle()
        assert len(told(world)) == heard


def test_only_the_models_that_nobody_asks_are_told_of_each_by_itself():
    world, first = serving()
    _, second = serving("sales.jsonl", world)
    _, third = serving("legal.jsonl", world)
    world.now += 4 * DAY
    world.models.note_asked("sales", world.now - DAY)
    world.report_idle()
    assert second not in {one.run.id for one in told(world)}
    assert sorted(one.run.id for one in told(world)) == sorted([first, third])


def test_what_was_replaced_or_is_being_deleted_is_not_told_of():
    world, old = serving()
    new = world.receive(world.drop(content=GOOD + example(20).encode()))
    world.tick(8)
    world.now += 4 * DAY
    world.report_idle()
    assert [one.run.id for one in told(world)] == [new]
    assert old != new
    world.commands.give(DELETE, new, "ann")
    world.now += DAY
    world.report_idle()
    assert len(told(world)) == 1


@pytest.mark.parametrize(
    ("fake", "method"), [("models", "last_asked"), ("models", "all"), ("runs", "get"), ("topic", "publish")]
)
def test_what_is_away_fails_the_timer_and_the_next_one_tells(fake: str, method: str):
    world, _ = serving()
    world.now += 4 * DAY
    getattr(world, fake).fail_next(method, AWAY)
    with pytest.raises(ServiceUnavailable):
        world.report_idle()
    assert told(world) == []
    world.now += DAY
    world.report_idle()
    assert [one.idle.days for one in told(world) if one.idle] == [5]


def test_a_name_without_a_run_does_not_keep_the_others_from_being_told(caplog: pytest.LogCaptureFixture):
    world, first = serving()
    _, second = serving("sales.jsonl", world)
    del world.runs._rows[first]
    world.now += 4 * DAY
    world.report_idle()
    assert [one.run.id for one in told(world)] == [second]
    assert f"run {first}: it is not in the run table" in caplog.text
