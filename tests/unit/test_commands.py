"""What people ask of runs, in every state, repeated, and while services fail."""

from datetime import timedelta

import pytest

from shared.commands import CANCEL, DELETE, RETRY
from shared.core.lifecycle import LIFECYCLE
from shared.core.messages import email
from shared.core.run import Channel, State
from shared.errors import Conflict, NotFound, ServiceRefused, ServiceUnavailable
from tests.unit.world import GOOD, World, example

FAILING = {
    "received": lambda world: world.datasets.fail_next("chunks", ServiceUnavailable("blob", "away")),
    "submitting": lambda world: world.training.fail_next("submit", ServiceUnavailable("azure ml", "away")),
}


def stopped_at(state: State) -> tuple[World, str]:
    """Return a world with one run that waits in this state."""
    world = World()
    run_id = world.receive(world.drop())
    if state.value in FAILING:
        FAILING[state.value](world)
    if state is State.VERIFYING:
        world.answer = unavailable
    for _ in range(12):
        if world.run(run_id).state is state:
            return world, run_id
        if state is State.TRAINING or state.value in FAILING:
            world.reconciler.advance(run_id)
        else:
            world.tick()
        if state is State.DEPLOYING and world.run(run_id).state is State.TRAINING:
            world.training.becomes(world.run(run_id), "Completed")
            world.reconciler.advance(run_id)
    raise AssertionError(f"the run never was {state}")


def unavailable() -> str | None:
    raise ServiceUnavailable("content safety", "away")


def failed(spoil: str = "submit") -> tuple[World, str]:
    """Return a world with a failed run."""
    world = World()
    run_id = world.receive(world.drop())
    match spoil:
        case "submit":
            world.training.fail_next("submit", ServiceRefused("azure ml", "no quota", 400))
        case "job":
            world.reconciler.advance(run_id)
            world.training.becomes(world.run(run_id), "Failed", "out of memory")
        case "verify":
            world.answer = lambda: "it said nothing"
        case "create":
            world.endpoints.fail_next("create", ServiceRefused("azure ml", "no room", 409))
    world.tick(10)
    assert world.run(run_id).state is State.FAILED
    world.answer = lambda: None
    return world, run_id


def nothing_costs(world: World) -> bool:
    jobs = {job.status for job in world.training.jobs.values()}
    return jobs <= {"Completed", "Failed", "Canceled"} and not world.endpoints.endpoints


@pytest.mark.parametrize(
    "state", [State.RECEIVED, State.SUBMITTING, State.TRAINING, State.DEPLOYING, State.VERIFYING], ids=str
)
def test_cancel_in_every_state_ends_in_canceled_with_nothing_left(state):
    world, run_id = stopped_at(state)
    world.commands.give(CANCEL, run_id, "ann")
    world.commands.give(CANCEL, run_id, "bob")  # asked again: the same
    world.tick(6)
    assert world.run(run_id).state is State.CANCELED
    assert world.run(run_id).reasons == ("canceled by ann",)
    assert nothing_costs(world)
    assert world.models.find("support") is None
    assert [n.channel for n in world.topic.published if n.run.state is State.CANCELED] == list(Channel)
    assert "canceled by ann" in [reason for moment in world.runs.history(run_id) for reason in moment.reasons]


def test_cancel_while_a_run_is_given_up_ends_in_canceled():
    world, run_id = stopped_at(State.DEPLOYING)
    world.endpoints.fail_next("create", ServiceRefused("azure ml", "no room", 409))
    world.reconciler.advance(run_id)
    assert world.run(run_id).state is State.ABANDONING
    world.commands.give(CANCEL, run_id, "ann")
    world.tick(6)
    assert world.run(run_id).state is State.CANCELED
    assert nothing_costs(world)


@pytest.mark.parametrize("spoil", ["submit", "job", "verify", "create"])
def test_a_retry_takes_a_failed_run_to_its_end(spoil):
    world, run_id = failed(spoil)
    again = world.commands.give(RETRY, run_id, "ann")
    assert world.commands.give(RETRY, run_id, "ann") == again
    world.tick(10)
    run = world.run(run_id)
    assert (run.state, run.attempt) == (State.SERVING, 2)
    assert list(world.endpoints.endpoints) == [run.endpoint]
    assert world.models.find("support").endpoint == run.endpoint
    completed = [name for name, job in world.training.jobs.items() if job.status == "Completed"]
    assert completed == [run.job]
    assert world.training.created == (2 if spoil == "job" else 1)  # what was trained is not trained again


def test_each_attempt_is_told_of_once():
    world, run_id = failed("job")
    world.commands.give(RETRY, run_id, "ann")
    world.tick(10)
    told = [(n.run.attempt, n.run.state) for n in world.email.sent]
    assert told == [(1, State.TRAINING), (1, State.FAILED), (2, State.TRAINING), (2, State.SERVING)]


def test_a_rejected_dataset_is_checked_again_with_what_lies_beside_it_now():
    world = World()
    world.datasets.drop("support.yaml", b"base_model: none-such", world.now)
    run_id = world.receive(world.drop())
    world.tick(2)
    assert world.run(run_id).state is State.REJECTED
    world.datasets.drop("support.yaml", b"epochs: 1", world.now)
    world.commands.give(RETRY, run_id, "ann")
    world.tick(8)
    assert world.run(run_id).state is State.SERVING


def test_delete_removes_the_endpoint_then_the_model():
    world, run_id = stopped_at(State.SERVING)
    world.commands.give(DELETE, run_id, "ann")
    world.commands.give(DELETE, run_id, "ann")
    world.tick(5)
    run = world.run(run_id)
    assert run.state is State.DELETED
    assert nothing_costs(world)
    assert world.models.find("support") is None
    assert world.training.archived == {run.asset}
    assert [n.channel for n in world.topic.published if n.run.state is State.DELETED] == list(Channel)


def test_a_deletion_that_failed_is_tried_again_and_archives_what_served():
    world, run_id = stopped_at(State.SERVING)
    served = world.run(run_id).asset
    world.commands.give(DELETE, run_id, "ann")
    world.endpoints.fail_next("delete", ServiceUnavailable("azure ml", "away"))
    world.now += LIFECYCLE[State.DELETING].limit + timedelta(minutes=1)
    world.tick()
    assert (world.run(run_id).state, world.run(run_id).stopped_in) == (State.FAILED, State.DELETING)
    assert "support: the deletion failed" in email(world.email.sent[-1]).text
    again = world.commands.give(RETRY, run_id, "ann")
    assert world.commands.give(RETRY, run_id, "ann") == again
    world.tick(4)
    assert world.run(run_id).state is State.DELETED
    assert world.training.archived == {served}


def test_deleting_an_older_run_leaves_the_newer_one_serving():
    world, old = stopped_at(State.SERVING)
    new = world.receive(world.drop(content=GOOD + example(99).encode()))
    world.tick(9)
    world.commands.give(DELETE, old, "ann")
    world.tick(5)
    assert world.run(old).state is State.DELETED
    assert world.models.find("support").run_id == new
    assert list(world.endpoints.endpoints) == [world.run(new).endpoint]


def test_deleting_a_run_whose_predecessor_is_not_yet_removed_removes_both():
    world, old = stopped_at(State.SERVING)
    new = world.receive(world.drop(content=GOOD + example(99).encode()))
    for _ in range(4):
        world.endpoints.fail_next("delete", ServiceUnavailable("azure ml", "away"))
    while world.run(new).state is not State.SERVING:
        world.tick()
    world.commands.give(DELETE, new, "ann")
    world.tick(12)
    assert world.run(new).state is State.DELETED
    assert world.run(old).state is State.SERVING
    assert world.endpoints.endpoints == {}


def test_an_unknown_run_is_not_found():
    with pytest.raises(NotFound):
        World().commands.give(CANCEL, "r" + "0" * 20, "ann")


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("fake", "method"), [("runs", "get"), ("runs", "save"), ("queue", "put")])
def test_a_command_that_failed_is_given_again_and_done_once(fake, method, after):
    world, run_id = stopped_at(State.TRAINING)
    getattr(world, fake).fail_next(method, ServiceUnavailable(fake, "away"), after=after)
    with pytest.raises(ServiceUnavailable):
        world.commands.give(CANCEL, run_id, "ann")
    world.commands.give(CANCEL, run_id, "ann")
    world.tick(5)
    assert world.run(run_id).state is State.CANCELED
    states = [moment.state for moment in world.runs.history(run_id)]
    assert states[-2:] == ["canceling", "canceled"]


def test_a_command_prevails_over_others_who_change_the_run_at_the_same_moment():
    world, run_id = stopped_at(State.TRAINING)
    for _ in range(3):
        world.runs.fail_next("save", Conflict("changed"))
    assert world.commands.give(CANCEL, run_id, "ann").state is State.CANCELING


@pytest.mark.parametrize("method", ["cancel", "archive"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("times", [1, 3])
def test_a_deletion_survives_every_failing_call(method, after, times):
    world, run_id = stopped_at(State.SERVING)
    of_models = (("models", "find"), ("models", "point_back"))
    for fake, name in (("training", method), ("endpoints", "delete"), *of_models):
        for _ in range(times):
            getattr(world, fake).fail_next(name, ServiceUnavailable(fake, "away"), after=after)
    world.commands.give(DELETE, run_id, "ann")
    world.tick(20)
    assert world.run(run_id).state is State.DELETED
    assert nothing_costs(world)
    assert world.models.find("support") is None


def test_what_a_slow_host_still_makes_after_a_cancel_is_removed():
    world, run_id = stopped_at(State.SUBMITTING)
    submit = world.training.submit

    def slowly(run):
        world.training.submit = submit
        world.commands.give(CANCEL, run_id, "ann")
        world.tick(3)
        assert world.run(run_id).state is State.CANCELED
        submit(run)  # the request arrives when all is cleaned up

    world.training.submit = slowly
    world.reconciler.advance(run_id)
    assert world.run(run_id).state is State.CANCELED
    assert {job.status for job in world.training.jobs.values()} == {"CancelRequested"}


def test_an_endpoint_that_comes_into_being_after_a_cancel_is_removed():
    world, run_id = stopped_at(State.TRAINING)
    world.training.becomes(world.run(run_id), "Completed")

    def cancel() -> None:
        world.commands.give(CANCEL, run_id, "ann")
        world.tick(3)
        assert world.run(run_id).state is State.CANCELED

    world.endpoints.meanwhile("create", cancel)
    world.reconciler.advance(run_id)
    assert {endpoint.state for endpoint in world.endpoints.endpoints.values()} <= {"deleting"}
