"""Runs that are given up because their work breaks each time it is begun."""

import pytest

from shared.core.run import State
from shared.errors import ServiceUnavailable
from tests.unit.test_commands import nothing_costs, stopped_at


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
