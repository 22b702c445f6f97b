"""Screening for harm goes on after ticks, crashes, outages and changes, and asks nothing twice."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from shared.core.run import State
from shared.core.screening import Mode
from shared.errors import ServiceRefused, TooManyRequests
from shared.screening import Pace
from tests.fakes_inference import hanging, no_trouble, raising
from tests.unit.dataset.examples import file_of
from tests.unit.screening_world import (
    DOWN,
    ENDLESS,
    EXAMPLES,
    ONE_BATCH,
    SMALL,
    TEXTS,
    dropped,
    failing_once_after,
    progress_of,
)
from tests.unit.world import World


def test_a_tick_does_its_share_and_the_next_one_goes_on():
    world = World(pace=ONE_BATCH, screening_mode=Mode.ALL)
    run_id = dropped(world)
    shares = []
    while world.run(run_id).state is State.RECEIVED:
        before = len(world.safety.analysed)
        world.reconciler.advance(run_id)
        shares.append(len(world.safety.analysed) - before)
    assert shares == [5, 4, 4, 4, 4, 4]
    assert world.run(run_id).state is State.TRAINING


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("saving", range(1, 8))
def test_a_crash_at_any_saving_costs_one_batch_and_never_begins_anew(saving: int, after: bool):
    world = World(pace=SMALL, screening_mode=Mode.ALL)
    run_id = dropped(world)
    _crash_at(world, saving, after)
    with pytest.raises(ZeroDivisionError):
        world.reconciler.advance(run_id)
    world.datasets.write = type(world.datasets).write.__get__(world.datasets)
    world.tick()
    assert world.run(run_id).state is not State.RECEIVED
    assert len(world.safety.analysed) - TEXTS in ((0,) if after else (0, 4, 5))
    assert (progress_of(world, run_id)["examples"], progress_of(world, run_id)["texts"]) == (EXAMPLES, TEXTS)


def _crash_at(world: World, saving: int, after: bool) -> None:
    """Let the process die at one saving of the progress."""
    whole, savings = world.datasets.write, []

    def write(path, pieces, content_type):
        savings.extend([path] if path.endswith("screening.json") else [])
        dies = len(savings) == saving and path.endswith("screening.json")
        if not dies or after:
            whole(path, pieces, content_type)
        if dies:
            raise ZeroDivisionError

    world.datasets.write = write


def test_whoever_finds_a_claim_leaves_the_screening_alone():
    world = World(pace=SMALL, screening_mode=Mode.ALL)
    run_id = dropped(world)
    _crash_at(world, 2, after=True)
    with pytest.raises(ZeroDivisionError):
        world.reconciler.advance(run_id)
    world.datasets.write = type(world.datasets).write.__get__(world.datasets)
    analysed = list(world.safety.analysed)
    world.reconciler.advance(run_id)
    assert world.safety.analysed == analysed
    assert world.run(run_id).state is State.RECEIVED


def test_too_many_requests_end_the_tick_and_are_not_asked_again_before_they_said():
    world = World(pace=Pace(per_second=ENDLESS, batch=8, at_once=1), screening_mode=Mode.ALL)
    run_id = dropped(world)
    world.safety.trouble = failing_once_after(6, TooManyRequests("content safety", "429", 120.0), world.safety)
    world.reconciler.advance(run_id)
    assert len(world.safety.analysed) == 7
    progress = progress_of(world, run_id)
    assert (progress["next"], progress["trouble"]) == (2, "content safety: 429")  # two whole examples are kept
    world.tick()
    assert len(world.safety.analysed) == 7
    world.tick()
    assert len(world.safety.analysed) == 7 + TEXTS - 5
    assert world.run(run_id).state is not State.RECEIVED


@pytest.mark.parametrize("error", [DOWN, TooManyRequests("content safety", "429")])
def test_one_bad_moment_costs_one_more_analysis(error: Exception):
    world = World(screening_mode=Mode.ALL)
    run_id = dropped(world)
    world.safety.trouble = failing_once_after(6, error, world.safety)
    world.reconciler.advance(run_id)
    assert len(world.safety.analysed) == TEXTS + 1
    assert world.run(run_id).state is State.TRAINING


@pytest.mark.parametrize("error", [DOWN, ServiceRefused("content safety", "403", 403)])
def test_an_outage_is_waited_for_and_nothing_is_trained_meanwhile(error: Exception):
    world = World()
    run_id = dropped(world)
    world.safety.trouble = raising(error)
    world.tick(5)
    assert world.run(run_id).state is State.RECEIVED
    assert "support" not in {run.model for run in world.runs.latest(9) if run.state is State.TRAINING}
    world.safety.trouble = no_trouble
    world.tick(6)
    assert world.run(run_id).state is State.SERVING


def test_an_outage_that_does_not_end_fails_the_run_and_is_named():
    world = World()
    run_id = dropped(world)
    world.safety.trouble = raising(DOWN)
    world.tick()
    world.now += timedelta(hours=4)
    world.tick()
    assert world.run(run_id).state is State.FAILED
    assert world.run(run_id).reasons == (
        "received took longer than 4 h; at last: screened 0 of 12 examples for harm; content safety: no answer",
    )
    assert world.training.created == 0


def test_a_service_that_hangs_is_given_up():
    world = World(pace=Pace(per_second=ENDLESS, patience=0.01))
    run_id = dropped(world)
    world.safety.trouble = hanging
    world.reconciler.advance(run_id)
    assert progress_of(world, run_id)["trouble"] == "content safety: no analysis in time"


def test_a_changed_file_beside_the_dataset_is_screened_anew():
    world = World(pace=ONE_BATCH, screening_mode=Mode.ALL)
    run_id = dropped(world)
    world.reconciler.advance(run_id)
    world.drop("support.yaml", b"epochs: 2")
    world.tick(8)
    assert world.run(run_id).state is not State.RECEIVED
    assert len(world.safety.analysed) == 5 + TEXTS


def test_a_dataset_that_is_replaced_meanwhile_is_rejected():
    world = World(pace=ONE_BATCH, screening_mode=Mode.ALL)
    run_id = dropped(world)
    world.reconciler.advance(run_id)
    world.drop(content=file_of(fill=30))
    world.reconciler.advance(run_id)
    assert world.run(run_id).state is State.REJECTED
    assert "replaced" in world.run(run_id).reasons[0]


@pytest.mark.parametrize("content", [b"", b"{}", b'{"plan": 1}', b"\xff"])
def test_a_progress_that_cannot_be_read_begins_anew(content: bytes):
    world = World()
    run_id = dropped(world)
    world.datasets.write(f"{run_id}/screening.json", [content], "application/json")
    world.reconciler.advance(run_id)
    assert world.run(run_id).state is State.TRAINING
    assert len(world.safety.analysed) == TEXTS


def test_analyses_are_spread_over_time():
    world = World(pace=Pace(per_second=500, tick=timedelta(0)))
    run_id = dropped(world)
    times: list[float] = []
    world.safety.trouble = _noting(times)
    world.reconciler.advance(run_id)
    assert len(times) == TEXTS
    assert times[-1] - times[0] >= (TEXTS - 1) / 500 * 0.9


def _noting(times: list[float]) -> Callable:
    async def note() -> None:
        times.append(asyncio.get_running_loop().time())

    return note
