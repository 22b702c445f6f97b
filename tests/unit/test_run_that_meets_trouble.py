"""Runs over fakes that jobs, rights, deadlines and services keep from their end."""

from datetime import timedelta

import pytest

from shared.core.run import State
from shared.errors import NotFound, ServiceRefused, ServiceUnavailable
from shared.ports import PREFLIGHT
from tests.unit.world import World


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda w: w.training.fail_next("submit", ServiceRefused("azure ml", "no quota", 400)), "no quota"),
        (
            lambda w: w.training.fail_next("submit", ServiceRefused("azure ml", "wrong region", 400, PREFLIGHT)),
            "no job was submitted: wrong region",
        ),
        (lambda w: w.endpoints.fail_next("create", ServiceRefused("azure ml", "no room", 409)), "no room"),
        (lambda w: setattr(w, "answer", lambda: "it said nothing"), "it said nothing"),
    ],
)
def test_a_failed_run_says_why_and_leaves_nothing_that_costs(spoil, reason):
    world = World()
    run_id = world.receive(world.drop())
    spoil(world)
    world.tick(10)
    assert world.run(run_id).state is State.FAILED
    assert reason in " ".join(world.run(run_id).reasons)
    assert world.endpoints.endpoints == {}
    assert world.models.find("support") is None


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("Failed", State.FAILED),
        ("Canceled", State.CANCELED),
        ("Completed", State.SERVING),
        ("Running", State.TRAINING),
        ("NotResponding", State.TRAINING),
        ("Paused", State.TRAINING),
        ("Unknown", State.TRAINING),
        ("SomethingNew", State.TRAINING),
    ],
)
def test_a_job_status_leads_to_the_right_state(status, state):
    world = World()
    run_id = world.receive(world.drop())
    world.reconciler.advance(run_id)
    world.training.becomes(world.run(run_id), status, "out of memory")
    world.tick(4)
    assert world.run(run_id).state is state
    assert world.run(run_id).job_status == status
    if state is State.FAILED:
        assert "out of memory" in world.run(run_id).reasons[0]


def missing(world: World, minutes: int) -> None:
    """Let Azure ML not know the job at so many looks, then know it again."""
    for _ in range(minutes):
        world.training.fail_next("job", NotFound("azure ml", "404"))
    world.tick(minutes)
    world.training.recover()


def test_a_job_that_is_not_found_is_waited_for_and_shown_as_such():
    world = World()
    run_id = world.receive(world.drop())
    world.reconciler.advance(run_id)
    world.training.becomes(world.run(run_id), "Running")
    for _ in range(2):  # an hour in all, but never an hour at a time
        missing(world, 40)
        assert (world.run(run_id).state, world.run(run_id).job_status) == (State.TRAINING, "NotFound")
        world.tick()
        assert (world.run(run_id).job_status, world.run(run_id).missing_since) == ("Running", None)
    missing(world, 40)
    world.training.becomes(world.run(run_id), "Completed")
    world.tick(4)
    assert (world.run(run_id).state, world.run(run_id).missing_since) == (State.SERVING, None)


def test_a_job_that_is_not_found_for_an_hour_is_given_up_and_canceled_where_it_runs():
    world = World()
    run_id = world.receive(world.drop())
    world.reconciler.advance(run_id)
    world.training.becomes(world.run(run_id), "Running")
    missing(world, 62)
    assert world.run(run_id).state is State.ABANDONING
    world.tick(4)
    run = world.run(run_id)
    assert run.state is State.FAILED
    assert run.reasons == (f"Azure ML has not known the job {run.job} for an hour",)
    assert world.training.jobs[run.job].status == "Canceled"


@pytest.mark.parametrize(("fake", "method"), [("training", "submit"), ("endpoints", "create")])
def test_missing_rights_are_waited_for_and_named_when_they_never_come(fake, method):
    waiting, given_up = World(), World()
    for world, times in ((waiting, 5), (given_up, 500)):
        for _ in range(times):
            getattr(world, fake).fail_next(method, ServiceRefused("azure ml", "403 no role yet", 403))
        world.receive(world.drop())
    waiting.tick(14)
    given_up.tick(200)
    (run_id,) = waiting.runs.known_ids()
    assert waiting.run(run_id).state is State.SERVING
    assert given_up.run(run_id).state is State.FAILED
    assert "no role yet" in given_up.run(run_id).reasons[0]


def test_a_job_that_never_ends_is_canceled_at_its_deadline():
    world = World()
    run_id = world.receive(world.drop())
    world.reconciler.advance(run_id)
    world.training.becomes(world.run(run_id), "Running")
    world.now += timedelta(hours=49)
    world.tick(6)
    run = world.run(run_id)
    assert run.state is State.FAILED
    assert "longer than 48 h" in run.reasons[0]
    assert world.training.jobs[run.job].status == "Canceled"


def test_verification_waits_while_a_service_is_away():
    world = World()
    run_id = world.receive(world.drop())

    def away() -> str | None:
        raise ServiceUnavailable("content safety", "down")

    world.answer = away
    world.tick(6)
    assert world.run(run_id).state is State.VERIFYING
    world.answer = lambda: None
    world.tick(1)
    assert world.run(run_id).state is State.SERVING
