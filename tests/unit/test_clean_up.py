"""What a clean-up must not take away and must not leave, whatever happens in between."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.commands import CANCEL, DELETE, RETRY
from shared.core.run import State
from shared.errors import Conflict, ServiceRefused, ServiceUnavailable, TuneDropError
from shared.retiring import retire_previous
from tests.endings import assert_nothing_costs_that_does_not_serve, live_endpoints, live_jobs
from tests.unit.test_commands import stopped_at, unavailable
from tests.unit.world import GOOD, World, example

AWAY = ServiceUnavailable("a service", "away")
LOCKED = ServiceRefused("azure ml", "409 locked", 409)
OFTEN = 60  # calls: all that six hours of these tests make


def replacing() -> tuple[World, str, str]:
    """Return a world where one run serves and a newer one is about to take its name over."""
    world, old = stopped_at(State.SERVING)
    new = world.receive(world.drop(content=GOOD + example(99).encode()))
    world.answer = unavailable
    while world.run(new).state is not State.VERIFYING:
        world.tick()
    world.answer = lambda: None
    return world, old, new


def handed_over() -> tuple[World, str, str]:
    """Return the same once the name points at the newer run and the host died before it recorded that."""
    world, old, new = replacing()
    world.runs.fail_next("save", KeyError("the host dies"))
    with pytest.raises(KeyError):
        world.reconciler.advance(new)
    assert world.models.find("support").run_id == new
    return world, old, new


def away(world: World, fake: str, method: str, error: TuneDropError = AWAY) -> None:
    for _ in range(OFTEN):
        getattr(world, fake).fail_next(method, error)


def assert_serves(world: World, run_id: str) -> None:
    run = world.run(run_id)
    assert (run.state, world.models.find("support").endpoint) == (State.SERVING, run.endpoint)
    assert world.endpoints.endpoints[run.endpoint].state == "succeeded"


@pytest.mark.parametrize(
    ("fake", "method", "after"), [("models", "point", False), ("models", "point", True), ("runs", "save", False)]
)
def test_a_cancel_while_the_name_is_handed_over_leaves_what_served_serving(fake, method, after):
    world, old, new = replacing()
    getattr(world, fake).meanwhile(method, lambda: world.commands.give(CANCEL, new, "ann"), after=after)
    world.reconciler.advance(new)
    world.tick(6)
    assert world.run(new).state is State.CANCELED
    assert_serves(world, old)
    assert_nothing_costs_that_does_not_serve(world)


def test_a_cancel_after_the_host_died_with_the_name_handed_over_leaves_what_served_serving():
    world, old, new = handed_over()
    retire_previous(world.models, world.endpoints, world.runs)  # not while the newer run is under way
    world.commands.give(CANCEL, new, "ann")
    world.tick(6)
    assert world.run(new).state is State.CANCELED
    assert_serves(world, old)


UNKNOWN = None


@pytest.mark.parametrize(
    ("state", "stopped_in", "serves"),
    [
        (State.VERIFYING, None, "new, and old is kept"),
        (State.CANCELING, State.VERIFYING, "new, and old is kept"),
        (State.SERVING, None, "new"),
        (State.DELETING, None, "new"),
        (State.FAILED, State.DELETING, "new"),
        (State.FAILED, State.VERIFYING, "old"),
        (State.CANCELED, State.VERIFYING, "old"),
        (State.DELETED, State.VERIFYING, "old"),
        (UNKNOWN, None, "old"),
    ],
)
def test_the_timer_retires_what_served_before_or_lets_the_name_point_back_at_it(state, stopped_in, serves):
    world, old, new = handed_over()
    run = world.run(new)
    if state is UNKNOWN:
        del world.runs._rows[new]
    else:
        world.runs._rows[new] = (replace(run, state=state, stopped_in=stopped_in), 99)
    for _ in range(2):
        retire_previous(world.models, world.endpoints, world.runs)
    named = world.models.find("support")
    assert named.run_id == (old if serves == "old" else new)
    assert (named.previous is not None) == (serves == "new, and old is kept")
    assert (world.run(old).endpoint in live_endpoints(world)) == (serves != "new")


def test_an_endpoint_that_cannot_be_retired_keeps_no_other():
    world, old, new = replacing()
    world.tick(1)
    first = world.models.find("support")
    assert (world.run(new).state, first.previous.run_id) == (State.SERVING, old)
    other = replace(first, model="zebra", run_id=new, endpoint="td-r2", previous=replace(first, endpoint="td-r1"))
    world.models._rows["zebra"] = other
    world.endpoints.fail_next("delete", LOCKED)
    with pytest.raises(ServiceRefused, match="409 locked"):
        retire_previous(world.models, world.endpoints, world.runs)
    assert world.models.find("support").previous
    assert world.models.find("zebra").previous is None


@pytest.mark.parametrize("command", [CANCEL, DELETE], ids=lambda command: command.word)
def test_a_run_that_is_deleted_meanwhile_is_not_pointed_back_at(command):
    world, old, new = handed_over()
    world.commands.give(DELETE, old, "ann")
    for _ in range(4):
        world.reconciler.advance(old)
    assert world.run(old).state is State.DELETED
    if command is CANCEL:
        world.commands.give(CANCEL, new, "ann")
        world.tick(6)
        assert world.models.find("support") is None
    else:
        world.tick(6)
        assert_serves(world, new)
        world.commands.give(DELETE, new, "ann")
        world.tick(6)
    assert world.endpoints.endpoints == {}


def test_a_retry_after_a_clean_up_that_was_given_up_is_verified_and_leaves_one_endpoint():
    world, _, new = replacing()

    def cancel() -> None:
        world.commands.give(CANCEL, new, "ann")
        away(world, "models", "find")
        away(world, "models", "all")

    world.runs.meanwhile("save", cancel)
    world.reconciler.advance(new)
    world.now += timedelta(hours=7)
    world.tick(2)
    assert (world.run(new).state, world.models._rows["support"].run_id) == (State.FAILED, new)
    world.models.recover()
    asked: list[str] = []
    world.answer = lambda: asked.append("hello")
    world.commands.give(RETRY, new, "ann")
    world.tick(8)
    assert asked == ["hello"]
    assert_serves(world, new)
    assert live_endpoints(world) == {world.run(new).endpoint}


def slow_at(fake: str, method: str, then: Callable[[World, str], None]) -> tuple[World, str]:
    """Return a world where a call of a run's first attempt takes effect only when others have gone on."""
    world, run_id = stopped_at(State.SUBMITTING if method == "submit" else State.TRAINING)
    if method != "submit":
        world.training.becomes(world.run(run_id), "Completed")
    if method == "point":
        world.reconciler.advance(run_id)

    def others() -> None:
        world.commands.give(CANCEL, run_id, "ann")
        world.tick(4)
        assert world.run(run_id).state is State.CANCELED
        world.commands.give(RETRY, run_id, "ann")
        then(world, run_id)

    getattr(world, fake).meanwhile(method, others)
    return world, run_id


SLOW = pytest.mark.parametrize(
    ("fake", "method"), [("training", "submit"), ("endpoints", "create"), ("models", "point")], ids=str
)


def assert_only_the_second_attempt_is_left(world: World, run_id: str) -> None:
    run = world.run(run_id)
    assert run.attempt == 2
    assert_serves(world, run_id)
    assert live_endpoints(world) == {run.endpoint}
    assert live_jobs(world) == []


@SLOW
@pytest.mark.parametrize("ticks", [0, 1, 3, 15])
def test_what_a_slow_host_still_makes_after_a_retry_is_removed(fake, method, ticks):
    world, run_id = slow_at(fake, method, lambda world, _: world.tick(ticks))
    world.reconciler.advance(run_id)
    world.tick(15)
    assert_only_the_second_attempt_is_left(world, run_id)


@SLOW
def test_what_a_slow_host_made_before_it_died_is_gone_before_the_retry_serves(fake, method):
    world, run_id = slow_at(fake, method, lambda world, _: world.runs.fail_next("get", KeyError("the host dies")))
    if method == "point":
        world.runs.recover()  # it dies with the save already
    with pytest.raises(KeyError):
        world.reconciler.advance(run_id)
    world.tick(15)
    assert_only_the_second_attempt_is_left(world, run_id)


@pytest.mark.parametrize(("error", "comes_back"), [(AWAY, True), (LOCKED, False)], ids=["away", "refused"])
def test_a_late_clean_up_is_repeated_by_the_message_that_comes_again(error, comes_back):
    world, run_id = stopped_at(State.SUBMITTING)

    def others() -> None:
        world.commands.give(CANCEL, run_id, "ann")
        world.tick(4)
        assert world.run(run_id).state is State.CANCELED
        world.training.fail_next("cancel", error)

    world.training.meanwhile("submit", others)
    if comes_back:
        with pytest.raises(ServiceUnavailable):
            world.reconciler.advance(run_id)
    else:
        world.reconciler.advance(run_id)
    assert live_jobs(world) != []
    world.reconciler.advance(run_id)
    assert live_jobs(world) == []


@pytest.mark.parametrize(
    "error", [AWAY, LOCKED, Conflict("a row was changed")], ids=lambda error: type(error).__name__
)
@pytest.mark.parametrize(
    ("state", "fake", "method"),
    [
        (State.TRAINING, "models", "find"),
        (State.TRAINING, "endpoints", "delete"),
        (State.VERIFYING, "models", "find"),
        (State.VERIFYING, "training", "cancel"),
    ],
    ids=str,
)
def test_one_obstacle_keeps_nothing_else_and_is_told(state, fake, method, error):
    world, run_id = stopped_at(state)
    away(world, fake, method, error)
    world.commands.give(CANCEL, run_id, "ann")
    world.tick(4)
    assert world.run(run_id).state is State.CANCELING
    assert live_jobs(world) == []
    assert live_endpoints(world) == set()
    world.now += timedelta(hours=7)
    world.tick()
    run = world.run(run_id)
    assert run.state is State.FAILED
    assert str(error) in run.reasons[-1]
