"""What a run's state does not allow is refused, in words that are true of that state."""

import pytest

from shared.commands import CANCEL, DELETE, RETRY, Command
from shared.core.run import State
from shared.errors import NotNow
from tests.unit.test_commands import failed, stopped_at
from tests.unit.world import World

TRIED_AGAIN = "only a failed, canceled or rejected run can be tried again"
CANCELED = "only a run on its way to serving can be canceled"


@pytest.mark.parametrize(
    ("state", "command"),
    [
        (State.SERVING, CANCEL),
        (State.SERVING, RETRY),
        (State.TRAINING, RETRY),
        (State.TRAINING, DELETE),
        (State.VERIFYING, DELETE),
    ],
    ids=lambda value: getattr(value, "word", str(value)),
)
def test_what_a_state_does_not_allow_is_refused_and_changes_nothing(state: State, command: Command):
    world, run_id = stopped_at(state)
    with pytest.raises(NotNow, match=f"is {state}"):
        world.commands.give(command, run_id, "ann")
    assert world.run(run_id).state is state


def cleaned_up_in(state: State) -> tuple[World, str]:
    """Return a world with a run that people had tried again, or deleted, and that is cleaned up after."""
    world, run_id = failed("job")
    if state is State.DELETING:
        world.commands.give(DELETE, run_id, "ann")
        return world, run_id
    world.commands.give(RETRY, run_id, "ann")
    world.reconciler.advance(run_id)
    if state is State.CANCELING:
        world.commands.give(CANCEL, run_id, "ann")
    else:
        world.training.fail_next("job", KeyError("a fault of ours"))
        world.reconciler.park(run_id)
    return world, run_id


@pytest.mark.parametrize(
    ("state", "command", "said"),
    [
        (State.ABANDONING, RETRY, TRIED_AGAIN),
        (State.CANCELING, RETRY, TRIED_AGAIN),
        (State.DELETING, RETRY, TRIED_AGAIN),
        (State.DELETING, CANCEL, CANCELED),
    ],
    ids=lambda value: getattr(value, "word", str(value)),
)
def test_what_a_clean_up_leads_away_from_is_refused(state: State, command: Command, said: str):
    world, run_id = cleaned_up_in(state)
    with pytest.raises(NotNow, match=f"is {state}: {said}"):
        world.commands.give(command, run_id, "bob")
    assert world.run(run_id).state is state
