"""Many runs at once: all of them end, and a queue that is behind does not grow with each tick."""

from collections import Counter
from datetime import timedelta

from shared.core.run import State
from shared.ports import CROWD
from tests.unit.world import World, example

MANY = CROWD + 10


def dropped_many(world: World) -> None:
    for number in range(MANY):
        content = "".join(example(1000 * number + each) for each in range(20)).encode()
        world.receive(world.drop(f"model-{number}.jsonl", content))


def test_all_of_many_runs_end_with_one_job_and_one_endpoint_each():
    world = World()
    dropped_many(world)
    world.tick(6)
    assert Counter(world.run(run_id).state for run_id in world.runs.known_ids()) == {State.SERVING: MANY}
    assert (world.training.created, world.endpoints.created) == (MANY, MANY)


def test_a_sweep_that_took_long_rests_long():
    world = World()
    world.datasets.meanwhile("dropped", lambda: setattr(world, "now", world.now + timedelta(seconds=10)))
    assert world.intake.sweep() == []
    world.drop()
    world.now += timedelta(seconds=199)
    assert world.intake.sweep() == []
    world.now += timedelta(seconds=2)
    assert len(world.intake.sweep()) == 1


def test_ticks_add_nothing_to_a_queue_that_nobody_keeps_up_with():
    world = World()
    dropped_many(world)
    world.queue.ids = []
    assert [world.reconciler.queue_open() for _tick in range(3)] == [MANY, 0, 0]
    world.queue.ids = world.queue.ids[:3]
    assert world.reconciler.queue_open() == MANY
