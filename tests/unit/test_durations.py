"""How long things took, as people are told."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.core.messages.background import spelled, taken, time_in
from shared.core.run import Moment, Run, State

NOW = datetime(2026, 11, 20, 12, 34, tzinfo=UTC)
RUN = Run("r" + "0" * 20, "support", "support.jsonl", "0x1", NOW, State.SERVING, since=NOW + timedelta(minutes=72))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0 s"),
        (0, "0 s"),
        (59.6, "1 min"),
        (61, "1 min 1 s"),
        (3_600, "1 h"),
        (3_661, "1 h 1 min"),
        (90_061, "1 d 1 h"),
        (86_401, "1 d"),
    ],
)
def test_times_are_spelled_in_two_units(seconds: float, text: str):
    assert spelled(timedelta(seconds=seconds)) == text


def history(*states: str) -> tuple[Moment, ...]:
    """Return a history with a state every ten minutes."""
    return tuple(Moment(NOW + timedelta(minutes=10 * n), state, ()) for n, state in enumerate(states))


@pytest.mark.parametrize(
    ("states", "minutes"),
    [
        ((), 0),
        (("received", "training", "deploying"), 10),
        (("training", "canceled", "training", "deploying"), 20),
        (("received", "training"), 0),
        (("training", *["deploying"] * 7, "training", "failed"), 10),
    ],
)
def test_time_in_training_is_of_all_attempts_and_of_nothing_after_what_is_told(
    states: tuple[str, ...], minutes: int
):
    assert time_in(State.TRAINING, RUN, history(*states)) == timedelta(minutes=minutes)


def test_a_run_tells_how_long_it_took_and_how_long_it_trained():
    assert (
        taken(RUN, history("received", "training", "serving"))
        == "1 h 12 min since the drop, 10 min of it training"
    )
    assert taken(RUN, ()) == "1 h 12 min since the drop"
