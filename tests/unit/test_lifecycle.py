"""The table of a run's life, read row by row."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.core import lifecycle as lc
from shared.core.lifecycle import LIFECYCLE, deadline_of, decide, is_final
from shared.core.run import Channel, Checked, Run, State

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
RUN = Run("r" + "0" * 20, "support", "support.jsonl", "0x1", NOW, State.RECEIVED, NOW)


def in_state(state: State, **changes: object) -> Run:
    return Run(RUN.id, RUN.model, RUN.dataset, RUN.etag, NOW, state, NOW, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "event", "after"),
    [
        (State.RECEIVED, lc.Accepted(), State.SUBMITTING),
        (State.RECEIVED, lc.Rejected(("bad",)), State.REJECTED),
        (State.SUBMITTING, lc.Submitted(), State.TRAINING),
        (State.SUBMITTING, lc.Refused(("no",)), State.FAILED),
        (State.SUBMITTING, lc.DeadlinePassed(), State.ABANDONING),
        (State.TRAINING, lc.Completed(), State.DEPLOYING),
        (State.TRAINING, lc.Failed(), State.FAILED),
        (State.TRAINING, lc.Canceled(), State.CANCELED),
        (State.TRAINING, lc.DeadlinePassed(), State.ABANDONING),
        (State.ABANDONING, lc.CleanedUp(), State.FAILED),
        (State.DEPLOYING, lc.Ready(), State.VERIFYING),
        (State.DEPLOYING, lc.Failed(), State.ABANDONING),
        (State.VERIFYING, lc.Answered(), State.SERVING),
        (State.VERIFYING, lc.NotAnswered(), State.ABANDONING),
    ],
)
def test_an_event_leads_to_the_next_state(state, event, after):
    decision = decide(in_state(state), event, NOW)
    assert decision is not None
    assert decision.run.state is after


@pytest.mark.parametrize("state", State)
def test_an_event_that_the_state_does_not_wait_for_is_stale(state):
    events = [lc.Accepted, lc.Rejected, lc.Submitted, lc.Refused, lc.Completed, lc.Failed, lc.Canceled, lc.Ready]
    events += [lc.Answered, lc.NotAnswered, lc.CleanedUp, lc.DeadlinePassed]
    for event in events:
        if event not in LIFECYCLE[state].on:
            assert decide(in_state(state), event(), NOW) is None


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (State.TRAINING, True),
        (State.SERVING, True),
        (State.REJECTED, True),
        (State.FAILED, True),
        (State.CANCELED, True),
        (State.SUBMITTING, False),
        (State.DEPLOYING, False),
        (State.VERIFYING, False),
        (State.ABANDONING, False),
    ],
)
def test_people_are_told_of_what_matters_to_them(state, told):
    steps = [(before, event, after) for before, stage in LIFECYCLE.items() for event, after in stage.on.items()]
    before, event = next((before, event) for before, event, after in steps if after is state)
    decision = decide(in_state(before), event(), NOW)
    assert [n.channel for n in decision.notifications] == (list(Channel) if told else [])


def test_the_reason_of_a_clean_up_is_kept_to_the_end():
    abandoned = decide(in_state(State.DEPLOYING), lc.Failed(("no quota",)), NOW).run
    assert decide(abandoned, lc.CleanedUp(), NOW).run.reasons == ("no quota",)


def test_what_an_event_brings_is_kept():
    assert decide(RUN, lc.Accepted(checked=Checked(tokens=7)), NOW).run.checked.tokens == 7
    ready = decide(in_state(State.DEPLOYING), lc.Ready(endpoint_url="https://e"), NOW)
    assert ready.run.endpoint_url == "https://e"


@pytest.mark.parametrize("state", [state for state in State if not is_final(state)])
def test_every_open_state_ends_in_time(state):
    limit = LIFECYCLE[state].limit
    run = in_state(state)
    assert deadline_of(run, NOW + limit) is None
    passed = deadline_of(run, NOW + limit + timedelta(seconds=1))
    assert decide(run, passed, NOW) is not None
    assert str(state) in passed.reasons[0]


@pytest.mark.parametrize("state", [state for state in State if is_final(state)])
def test_a_final_state_has_no_deadline(state):
    assert deadline_of(in_state(state), NOW + timedelta(days=999)) is None


def test_every_state_can_be_reached_and_leads_to_an_end():
    reached = {State.RECEIVED} | {after for stage in LIFECYCLE.values() for after in stage.on.values()}
    assert reached == set(State)
    assert set(LIFECYCLE) == set(State)


def test_a_notification_has_the_same_id_each_time_and_another_for_each_state_and_channel():
    ids = {n.id for n in decide(in_state(State.SUBMITTING), lc.Submitted(), NOW).notifications}
    again = {n.id for n in decide(in_state(State.SUBMITTING), lc.Submitted(), NOW + timedelta(1)).notifications}
    other = {n.id for n in decide(in_state(State.TRAINING), lc.Failed(), NOW).notifications}
    assert ids == again
    assert len(ids | other) == 4
