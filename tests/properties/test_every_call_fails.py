"""Every call of every way that a run can take fails once: before its effect, after it, or by hanging."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from shared.commands import CANCEL, DELETE, RETRY, Command
from shared.core.policy import Policy
from shared.core.run import State
from shared.errors import ServiceRefused, ServiceUnavailable
from shared.ports import DeadLetter, Dropped
from tests.endings import (
    assert_all_ended,
    assert_all_were_told,
    assert_nothing_costs_that_does_not_serve,
    assert_what_serves_is_asked,
    runs_of,
)
from tests.fakes_inference import message
from tests.longest_call import LONGEST_CALL
from tests.port_calls import ALL_CALLS, CALLS, NO_CALLS_OF_RUNS, NO_PORTS_OF_RUNS, PORTS, Call, protocols
from tests.unit.world import GOOD, World, example
from tests.whole_world import WholeWorld

Way = Callable[[WholeWorld], None]
ENOUGH = 16  # ticks for any way, with a tick lost here and there
LONG_ANSWER = "It is said at length. " * 6  # long enough to be somebody's text
TWICE_RATHER_THAN_NEVER = {("teams", "send"), ("email", "send"), ("runs", "sent")}


def uploaded(world: World, content: bytes = GOOD) -> None:
    dropped = world.drop(content=content)
    with suppress(ServiceUnavailable):  # the event's delivery failed: the sweep finds the blob
        world.intake.receive(dropped)


def asked(world: World, command: Command, state: State) -> None:
    """Do what a person does: wait until the run is there, ask, and ask again after an error."""
    for _ in range(ENOUGH):
        world.tick()
        for run in [run for run in runs_of(world) if run.state is state]:
            with suppress(ServiceUnavailable):
                world.commands.give(command, run.id, "ann")
                return


def served(world: World) -> None:
    uploaded(world)


def served_on_gpus(world: World) -> None:
    world.drop("support.yaml", b"base_model: Phi-3.5-mini-instruct")
    uploaded(world)


def compared(world: WholeWorld) -> None:
    """Answers, in the dataset and of the new endpoint, are compared with what others have published."""
    world.drop("support.yaml", b"protected_material: true")
    world.policies._rows["support"] = Policy(protected_material=True)
    world.chat.choices = [message(LONG_ANSWER)]
    uploaded(world, GOOD + example(99).replace("It is", LONG_ANSWER).encode())


def replaced(world: World) -> None:
    uploaded(world)
    world.tick(ENOUGH)
    uploaded(world, GOOD + example(99).encode())


def rejected(world: World) -> None:
    uploaded(world, b"nonsense")


def watched(world: World) -> None:
    """The job runs for a while, and says so."""
    uploaded(world)
    for status in ("Running", "Finalizing", "Completed"):
        world.now += timedelta(minutes=1)
        for run in runs_of(world):
            with suppress(ServiceUnavailable):
                world.reconciler.advance(run.id)
            if run.job in world.training.jobs:
                world.training.becomes(run, status)


def abandoned(world: World) -> None:
    world.answer = lambda: "it said nothing"
    uploaded(world)


def canceled(world: World, content: bytes = GOOD) -> None:
    def busy() -> str | None:
        raise ServiceUnavailable("scoring", "busy")

    world.answer = busy
    uploaded(world, content)
    asked(world, CANCEL, State.VERIFYING)


def replacement_canceled(world: World) -> None:
    """What served before goes on serving."""
    uploaded(world)
    world.tick(ENOUGH)
    canceled(world, GOOD + example(99).encode())


def deleted(world: World) -> None:
    uploaded(world)
    asked(world, DELETE, State.SERVING)


def tried_again(world: World) -> None:
    world.answer = lambda: "it said nothing"
    uploaded(world)
    world.tick(ENOUGH)
    world.answer = lambda: None
    asked(world, RETRY, State.FAILED)


def letters_came(world: World) -> None:
    dropped: Dropped = world.drop()
    subject = f"/blobServices/default/containers/datasets/blobs/{dropped.path}"
    world.letters.bury(DeadLetter("1", "Microsoft.Storage.BlobCreated", subject, "gave up"), world.now)


def channel_refused(world: World) -> None:
    world.teams.fail_next("send", ServiceRefused("teams", "card too large", 413))
    uploaded(world)


WAYS: dict[Way, list[State]] = {
    served: [State.SERVING],
    served_on_gpus: [State.SERVING],
    compared: [State.SERVING],
    replaced: [State.SERVING, State.SERVING],
    rejected: [State.REJECTED],
    watched: [State.SERVING],
    abandoned: [State.FAILED],
    canceled: [State.CANCELED],
    replacement_canceled: [State.SERVING, State.CANCELED],
    deleted: [State.DELETED],
    tried_again: [State.SERVING],
    letters_came: [State.SERVING],
    channel_refused: [State.SERVING],
}


@dataclass(frozen=True)
class Failing:
    """How calls fail: before or after their effect, at once or by hanging, how often, the first or the last."""

    after: bool = False
    hangs: bool = False
    times: int = 1
    last: bool = False


BEFORE, AFTER = Failing(), Failing(after=True)
ONCE = {
    "before": BEFORE,
    "after": AFTER,
    "hangs before": replace(BEFORE, hangs=True),
    "hangs after": replace(AFTER, hangs=True),
}
MORE = {
    "three times before": replace(BEFORE, times=3),
    "three times after": replace(AFTER, times=3),
    "at last before": replace(BEFORE, last=True),  # the first analysis screens the dataset, the last one verifies
    "at last after": replace(AFTER, last=True),
}
ALL_FAILINGS = ONCE | MORE


def gone(way: Way, world: WholeWorld) -> WholeWorld:
    way(world)
    world.tick(ENOUGH)
    return world


def calls_on(way: Way) -> dict[Call, int]:
    """Return how often a run makes each call on this way, if it does."""
    world = gone(way, WholeWorld())
    counts = {(fake, method): getattr(world, fake).called[method] for fake, method in ALL_CALLS}
    return {call: count for call, count in counts.items() if count}


ON_ALL_WAYS = {way: calls_on(way) for way in WAYS}
CASES = [
    pytest.param(way, call, failing, id=f"{way.__name__} {'.'.join(call)} {failing}")
    for way, calls in ON_ALL_WAYS.items()
    for call in calls
    for failing in (ALL_FAILINGS if way is served else ONCE)
]


def nothing() -> None:
    """Let a call go well."""


@pytest.mark.parametrize(("way", "call", "failing"), CASES)
def test_every_call_may_fail(way: Way, call: Call, failing: str):
    world, (fake, method), how = WholeWorld(), call, ALL_FAILINGS[failing]

    def fail() -> None:
        world.now += LONGEST_CALL if how.hangs else timedelta()
        raise ServiceUnavailable(fake, "a bad moment")

    going_well = ON_ALL_WAYS[way][call] - 1 if how.last else 0
    for strike in [nothing] * going_well + [fail] * how.times:
        getattr(world, fake).meanwhile(method, strike, after=how.after)
    gone(way, world)
    in_order = sorted(runs_of(world), key=lambda run: run.created)
    assert [run.state for run in in_order] == WAYS[way]
    attempts = sum(run.attempt for run in runs_of(world))
    assert world.training.created <= attempts
    assert world.endpoints.created <= attempts
    assert_all_ended(world)
    assert_nothing_costs_that_does_not_serve(world)
    assert_what_serves_is_asked(world)
    assert_all_were_told(world, rather_twice=call in TWICE_RATHER_THAN_NEVER)


def test_no_call_is_left_out():
    """A new method of a port comes into a way above, or tests/port_calls.py says why no run asks for it."""
    assert {call for calls in ON_ALL_WAYS.values() for call in calls} == set(CALLS)
    assert set(NO_CALLS_OF_RUNS) < set(ALL_CALLS)


def test_no_port_is_left_out():
    assert {*PORTS.values(), *NO_PORTS_OF_RUNS} == protocols()
