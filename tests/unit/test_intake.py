"""What no event told of is found, and a dead letter is made up for, kept for people, or let go."""

from datetime import timedelta

import pytest

from shared.core.run import State
from shared.errors import ServiceRefused, ServiceUnavailable
from shared.intake import DATASETS, LETTERS_OF
from shared.ports import DeadLetter
from tests.unit.world import World

CREATED = "Microsoft.Storage.BlobCreated"


@pytest.mark.parametrize(
    ("event_type", "subject", "left", "runs"),
    [
        (CREATED, f"{DATASETS}support.jsonl", 0, 1),
        (CREATED, f"{DATASETS}gone.jsonl", 0, 0),
        (CREATED, f"{DATASETS}notes.txt", 0, 0),
        ("Microsoft.MachineLearningServices.RunCompleted", "experiments/e/runs/tunedrop-r", 0, 0),
        ("TuneDrop.TeamsNotification", "/runs/r", 1, 0),
        ("TuneDrop.EmailNotification", "/runs/r", 1, 0),
        ("", "", 1, 0),
    ],
)
def test_a_dead_letter_is_made_up_for_or_kept_for_people(event_type, subject, left, runs):
    world = World()
    world.drop()
    world.letters.bury(DeadLetter("one", event_type, subject, "MaxDeliveryAttemptsExceeded"), world.now)
    assert world.intake.read_dead_letters() == 1 - left
    assert world.letters.count() == left
    assert len(world.runs.known_ids()) == runs


def test_an_old_letter_is_not_read_again():
    world = World()
    world.letters.bury(DeadLetter("one", CREATED, "x", ""), world.now)
    world.now += LETTERS_OF + timedelta(seconds=1)
    assert world.intake.read_dead_letters() == 0


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    ("fake", "method"),
    [("letters", "since"), ("letters", "remove"), ("datasets", "find"), ("runs", "add"), ("queue", "put")],
)
def test_what_fails_on_the_way_is_done_at_the_next_tick(fake, method, after):
    world = World()
    world.drop()
    world.letters.bury(DeadLetter("one", CREATED, f"{DATASETS}support.jsonl", ""), world.now)
    getattr(world, fake).fail_next(method, ServiceUnavailable(fake, "away"), after=after)
    with pytest.raises(ServiceUnavailable):
        world.intake.read_dead_letters()
    world.tick(8)
    (run_id,) = world.runs.known_ids()
    assert world.run(run_id).state is State.SERVING
    assert world.letters.count() == 0


def test_an_upload_that_cannot_be_recorded_keeps_no_other_one_waiting():
    world = World()
    for name in ("a", "b", "c"):
        world.drop(f"{name}.jsonl")
    world.now += timedelta(minutes=2)
    world.runs.fail_next("add", ServiceRefused("run table", "400 PropertyValueTooLarge", 400))
    assert len(world.intake.sweep()) == 2
    world.tick(8)
    assert len(world.runs.known_ids()) == 3
