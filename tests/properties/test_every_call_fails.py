"""Every call of every way that a run can take fails once: before its effect, after it, or by hanging."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest

from shared.commands import CANCEL, DELETE, RETRY, Command
from shared.core.run import State
from shared.errors import ServiceRefused, ServiceUnavailable
from shared.ports import DeadLetter, Dropped
from tests.endings import assert_all_ended, assert_all_were_told, assert_nothing_costs_that_does_not_serve, runs_of
from tests.port_calls import CALLS, OF_CHATS, PORTS, protocols
from tests.unit.world import GOOD, World, example

Way = Callable[[World], None]
HANG = timedelta(seconds=46)  # as long as a call may take with all its retries (shared/calling.py)
ENOUGH = 16  # ticks for any way, with a tick lost here and there
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


def canceled(world: World) -> None:
    def busy() -> str | None:
        raise ServiceUnavailable("scoring", "busy")

    world.answer = busy
    uploaded(world)
    asked(world, CANCEL, State.VERIFYING)


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
    replaced: [State.SERVING, State.SERVING],
    rejected: [State.REJECTED],
    watched: [State.SERVING],
    abandoned: [State.FAILED],
    canceled: [State.CANCELED],
    deleted: [State.DELETED],
    tried_again: [State.SERVING],
    letters_came: [State.SERVING],
    channel_refused: [State.SERVING],
}


def gone(way: Way, world: World) -> World:
    way(world)
    world.tick(ENOUGH)
    return world


def calls_on(way: Way) -> list[tuple[str, str]]:
    """Return the calls that a run makes on this way."""
    world = gone(way, World())
    return [(fake, method) for fake, method in CALLS if getattr(world, fake).called[method]]


ON_ALL_WAYS = {way: calls_on(way) for way in WAYS}
FAILING = {"before": (1, False), "after": (1, True), "hangs": (1, True)}  # how often, and whether it took effect
OFTEN = {"three times before": (3, False), "three times after": (3, True)}
CASES = [
    pytest.param(way, call, failing, id=f"{way.__name__} {'.'.join(call)} {failing}")
    for way, calls in ON_ALL_WAYS.items()
    for call in calls
    for failing in (FAILING | OFTEN if way is served else FAILING)
]


@pytest.mark.parametrize(("way", "call", "failing"), CASES)
def test_every_call_may_fail(way: Way, call: tuple[str, str], failing: str):
    world, (fake, method) = World(), call
    times, after = (FAILING | OFTEN)[failing]

    def fail() -> None:
        world.now += HANG if failing == "hangs" else timedelta()
        raise ServiceUnavailable(fake, "a bad moment")

    for _ in range(times):
        getattr(world, fake).meanwhile(method, fail, after=after)
    gone(way, world)
    assert [run.state for run in runs_of(world)] == WAYS[way]
    attempts = sum(run.attempt for run in runs_of(world))
    assert world.training.created <= attempts
    assert world.endpoints.created <= attempts
    assert_all_ended(world)
    assert_nothing_costs_that_does_not_serve(world)
    assert_all_were_told(world, rather_twice=call in TWICE_RATHER_THAN_NEVER)


def test_no_call_is_left_out():
    """A new method of a port comes into a way above, or is named in tests/port_calls.py as no run's."""
    assert {call for calls in ON_ALL_WAYS.values() for call in calls} == set(CALLS)


def test_no_port_is_left_out():
    assert {*PORTS.values(), *OF_CHATS} == protocols()
