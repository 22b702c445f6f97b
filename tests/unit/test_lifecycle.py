"""The table of a run's life, read row by row."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.core import events as ev
from shared.core.lifecycle import GOES_ON, LIFECYCLE, deadline_of, decide, is_final, limits_of
from shared.core.run import Channel, Checked, Run, State

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
RUN = Run("r" + "0" * 20, "support", "support.jsonl", "0x1", NOW, State.RECEIVED, NOW)


def in_state(state: State, **changes: object) -> Run:
    return Run(RUN.id, RUN.model, RUN.dataset, RUN.etag, NOW, state, NOW, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "event", "after"),
    [
        (State.RECEIVED, ev.Accepted(), State.SUBMITTING),
        (State.RECEIVED, ev.Rejected(("bad",)), State.REJECTED),
        (State.SUBMITTING, ev.Submitted(), State.TRAINING),
        (State.SUBMITTING, ev.Refused(("no",)), State.FAILED),
        (State.SUBMITTING, ev.DeadlinePassed(), State.ABANDONING),
        (State.TRAINING, ev.Completed(), State.DEPLOYING),
        (State.TRAINING, ev.Failed(), State.FAILED),
        (State.TRAINING, ev.Canceled(), State.CANCELED),
        (State.TRAINING, ev.Missing(), State.ABANDONING),
        (State.TRAINING, ev.DeadlinePassed(), State.ABANDONING),
        (State.ABANDONING, ev.CleanedUp(), State.FAILED),
        (State.DEPLOYING, ev.Ready(), State.VERIFYING),
        (State.DEPLOYING, ev.Failed(), State.ABANDONING),
        (State.VERIFYING, ev.Answered(), State.SERVING),
        (State.VERIFYING, ev.NotAnswered(), State.ABANDONING),
        (State.RECEIVED, ev.CancelAsked(), State.CANCELED),
        (State.SUBMITTING, ev.CancelAsked(), State.CANCELING),
        (State.TRAINING, ev.CancelAsked(), State.CANCELING),
        (State.DEPLOYING, ev.CancelAsked(), State.CANCELING),
        (State.VERIFYING, ev.CancelAsked(), State.CANCELING),
        (State.ABANDONING, ev.CancelAsked(), State.CANCELING),
        (State.CANCELING, ev.CleanedUp(), State.CANCELED),
        (State.SERVING, ev.DeleteAsked(), State.DELETING),
        (State.FAILED, ev.DeleteAsked(), State.DELETING),
        (State.CANCELED, ev.DeleteAsked(), State.DELETING),
        (State.REJECTED, ev.DeleteAsked(), State.DELETED),
        (State.DELETING, ev.CleanedUp(), State.DELETED),
        (State.RECEIVED, ev.Broken(), State.FAILED),
        (State.SUBMITTING, ev.Broken(), State.ABANDONING),
        (State.TRAINING, ev.Broken(), State.ABANDONING),
        (State.ABANDONING, ev.Broken(), State.FAILED),
        (State.DELETING, ev.Broken(), State.FAILED),
    ],
)
def test_an_event_leads_to_the_next_state(state, event, after):
    decision = decide(in_state(state), event, NOW)
    assert decision is not None
    assert decision.run.state is after


@pytest.mark.parametrize("state", State)
def test_an_event_that_the_state_does_not_wait_for_is_stale(state):
    for event in {event for stage in LIFECYCLE.values() for event in stage.on}:
        if event not in LIFECYCLE[state].on:
            assert decide(in_state(state), event(), NOW) is None


@pytest.mark.parametrize("state", [state for state in State if not is_final(state)])
def test_every_open_state_can_be_canceled_but_those_that_remove_things(state):
    assert (ev.CancelAsked in LIFECYCLE[state].on) == (state not in (State.CANCELING, State.DELETING))


@pytest.mark.parametrize(
    ("events", "goes_on", "attempt", "job_attempt"),
    [
        ([ev.Rejected()], State.RECEIVED, 2, 2),
        ([ev.CancelAsked()], State.RECEIVED, 2, 2),
        ([ev.Accepted(), ev.Refused()], State.SUBMITTING, 2, 2),
        ([ev.Accepted(), ev.Submitted(), ev.Failed()], State.SUBMITTING, 2, 2),
        ([ev.Accepted(), ev.Submitted(), ev.CancelAsked(), ev.CleanedUp()], State.SUBMITTING, 2, 2),
        ([ev.Accepted(), ev.Submitted(), ev.DeadlinePassed(), ev.CleanedUp()], State.SUBMITTING, 2, 2),
        ([ev.Accepted(), ev.Submitted(), ev.Completed(), ev.Failed(), ev.CleanedUp()], State.DEPLOYING, 2, 1),
        (
            [ev.Accepted(), ev.Submitted(), ev.Completed(), ev.Ready(), ev.NotAnswered(), ev.DeadlinePassed()],
            State.DEPLOYING,
            2,
            1,
        ),
        (  # the deletion counts as an attempt; what it archives is what the job made
            [
                ev.Accepted(),
                ev.Submitted(),
                ev.Completed(),
                ev.Failed(),
                ev.CleanedUp(),
                ev.DeleteAsked(),
                ev.Broken(),
            ],
            State.DELETING,
            3,
            1,
        ),
    ],
)
def test_a_retry_goes_on_where_the_run_stopped(events, goes_on, attempt, job_attempt):
    run = RUN
    for event in events:
        run = decide(run, event, NOW).run
    again = decide(run, ev.RetryAsked(("tried again by ann",)), NOW).run
    assert (again.state, again.attempt, again.job_attempt) == (goes_on, attempt, job_attempt)
    assert again.reasons == ("tried again by ann",)


def test_a_retry_knows_where_to_go_on_from_every_state_that_a_run_can_stop_in():
    stops = {state for state, stage in LIFECYCLE.items() if not is_final(state)}
    assert set(GOES_ON) == stops - {State.ABANDONING, State.CANCELING}


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("", {}),
        ("training=72", {"training": 72}),
        (" training = 1.5 ,deploying=4", {"training": 1.5, "deploying": 4}),
    ],
)
def test_limits_are_read_from_a_setting(text, hours):
    assert limits_of(text) == {State(state): timedelta(hours=number) for state, number in hours.items()}


@pytest.mark.parametrize("text", ["training", "training=", "training=0", "training=-1", "serving=1", "x=1", "=1"])
def test_a_limit_that_makes_no_sense_is_refused(text):
    with pytest.raises(ValueError, match=r"training|hours"):
        limits_of(text)


def test_a_limit_of_the_settings_holds_instead_of_the_tables():
    run = in_state(State.TRAINING)
    assert deadline_of(run, NOW + timedelta(hours=3), limits=limits_of("training=2")) is not None
    assert deadline_of(run, NOW + timedelta(hours=50), limits=limits_of("training=72")) is None


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
        (State.ABANDONING, True),
        (State.DELETED, True),
        (State.CANCELING, False),
        (State.DELETING, False),
    ],
)
def test_people_are_told_of_what_matters_to_them(state, told):
    steps = [(before, event, after) for before, stage in LIFECYCLE.items() for event, after in stage.on.items()]
    before, event = next((before, event) for before, event, after in steps if after is state)
    decision = decide(in_state(before), event(), NOW)
    assert [n.channel for n in decision.notifications] == (list(Channel) if told else [])


def test_the_reason_of_a_clean_up_is_kept_to_the_end():
    abandoned = decide(in_state(State.DEPLOYING), ev.Failed(("no quota",)), NOW).run
    assert decide(abandoned, ev.CleanedUp(), NOW).run.reasons == ("no quota",)


def test_what_an_event_brings_is_kept():
    assert decide(RUN, ev.Accepted(checked=Checked(tokens=7)), NOW).run.checked.tokens == 7
    ready = decide(in_state(State.DEPLOYING), ev.Ready(endpoint_url="https://e"), NOW)
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
    reached = {State.RECEIVED} | {after for stage in LIFECYCLE.values() for after in stage.on.values() if after}
    assert reached == set(State)
    assert set(LIFECYCLE) == set(State)


def test_a_notification_has_the_same_id_each_time_and_another_for_each_state_and_channel():
    ids = {n.id for n in decide(in_state(State.SUBMITTING), ev.Submitted(), NOW).notifications}
    again = {n.id for n in decide(in_state(State.SUBMITTING), ev.Submitted(), NOW + timedelta(1)).notifications}
    other = {n.id for n in decide(in_state(State.TRAINING), ev.Failed(), NOW).notifications}
    assert ids == again
    assert len(ids | other) == 4
