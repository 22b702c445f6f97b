"""Runs that are given up because their work breaks each time it is begun."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.core.lifecycle import LIFECYCLE
from shared.core.run import State
from shared.errors import ServiceUnavailable
from tests.unit.test_commands import nothing_costs, stopped_at
from tests.unit.world import World


def test_a_fault_of_ours_parks_the_run_and_people_hear_of_it():
    world, run_id = stopped_at(State.TRAINING)
    world.training.fail_next("job", KeyError("a text of the dataset"))
    world.reconciler.park(run_id)
    assert world.run(run_id).state is State.ABANDONING
    assert "KeyError while training" in world.run(run_id).reasons[0]
    world.tick(4)
    assert world.run(run_id).state is State.FAILED
    assert nothing_costs(world)
    assert "KeyError" in world.email.sent[-1].run.reasons[0]
    assert "a text" not in str(world.email.sent)


def test_a_row_that_breaks_the_look_at_the_deadline_is_parked_too():
    world, run_id = stopped_at(State.TRAINING)
    run, version = world.runs._rows[run_id]
    world.runs._rows[run_id] = (replace(run, since=run.since.replace(tzinfo=None)), version)
    world.reconciler.park(run_id)
    assert world.run(run_id).state is State.ABANDONING
    assert "TypeError while training" in world.run(run_id).reasons[0]


def test_two_messages_of_a_run_that_breaks_park_it_once():
    world, run_id = stopped_at(State.TRAINING)

    def break_after_another_did() -> None:
        world.training.fail_next("job", KeyError("of the other message"))
        world.reconciler.park(run_id)
        raise KeyError("of this one")

    world.training.meanwhile("job", break_after_another_did)
    world.reconciler.park(run_id)
    assert world.run(run_id).state is State.ABANDONING
    assert "while training" in world.run(run_id).reasons[0]


def test_a_parked_run_that_goes_on_by_now_is_let_go_on():
    world, run_id = stopped_at(State.TRAINING)
    world.training.becomes(world.run(run_id), "Completed")
    world.reconciler.park(run_id)
    world.tick(4)
    assert world.run(run_id).state is State.SERVING


def test_an_outage_parks_nothing():
    world, run_id = stopped_at(State.TRAINING)
    world.runs.fail_next("get", ServiceUnavailable("runs", "away"))
    with pytest.raises(ServiceUnavailable):
        world.reconciler.park(run_id)
    world.reconciler.park("r" + "9" * 20)  # no such run: nothing to park
    assert world.run(run_id).state is State.TRAINING


class HostDied(BaseException):
    """Stands where a host dies of the work: nothing of ours catches it."""


def test_work_that_ends_its_host_each_time_is_given_up_at_the_deadline():
    world = World()
    run_id = world.receive(world.drop())
    for _ in range(2):
        world.datasets.fail_next("chunks", HostDied())
    with pytest.raises(HostDied):
        world.reconciler.park(run_id)  # while there is time, it is tried once more
    world.now += LIFECYCLE[State.RECEIVED].limit + timedelta(minutes=1)
    world.reconciler.park(run_id)
    assert world.run(run_id).state is State.FAILED
    world.tick()
    (reason,) = world.email.sent[-1].run.reasons
    assert "longer than 4 h; at last: five tries in a row broke off" in reason


def test_a_job_that_completed_while_the_app_was_away_is_not_thrown_away():
    world, run_id = stopped_at(State.TRAINING)
    world.training.becomes(world.run(run_id), "Completed")
    world.now += timedelta(days=3)
    world.reconciler.advance(run_id)
    assert world.run(run_id).state is State.DEPLOYING
