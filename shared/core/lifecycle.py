"""A run's life in one table: what each state does, for how long at most, and what follows from each event."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from shared.core.events import (
    Accepted,
    Answered,
    Broken,
    CancelAsked,
    Canceled,
    CleanedUp,
    Completed,
    DeadlinePassed,
    DeleteAsked,
    Ended,
    Event,
    Failed,
    Missing,
    NotAnswered,
    Ready,
    Refused,
    Rejected,
    RetryAsked,
    Submitted,
)
from shared.core.run import Channel, Notification, Run, State

NO_LIMITS: Mapping[State, timedelta] = {}  # none but the table's
LIMIT = re.compile(r"\d{1,4}(\.\d{1,3})?")  # hours


class Work(StrEnum):
    """What a state asks for; repeated until it yields an event, so each is idempotent."""

    CHECK_DATASET = "check and screen the dataset, write the report, make the split"
    SUBMIT_JOB = "submit the job"
    READ_JOB = "read the job"
    CLEAN_UP = "cancel the job, free the name, delete the endpoint (else they go on costing money)"
    DEPLOY = "create or read the endpoint"
    VERIFY = "ask the new deployment through the moderated path"
    DELETE = "free the name, delete the endpoint, then archive the model"
    NONE = "none"


@dataclass(frozen=True)
class Stage:
    """One row of the table."""

    work: Work
    limit: timedelta = timedelta.max
    on: Mapping[type[Event], State | None] = field(default_factory=dict)
    notify: bool = False


WHERE_IT_STOPPED = None  # the next state of a retry; GOES_ON says which it is
GOES_ON: Mapping[State, State] = {
    State.RECEIVED: State.RECEIVED,
    State.SUBMITTING: State.SUBMITTING,
    State.TRAINING: State.SUBMITTING,  # a job that ended cannot go on: the retry gets one of its own
    State.DEPLOYING: State.DEPLOYING,
    State.VERIFYING: State.DEPLOYING,
    State.DELETING: State.DELETING,
}


def _given_up(to: State) -> Mapping[type[Event], State]:
    return {DeadlinePassed: to, Broken: to}


LIFECYCLE: Mapping[State, Stage] = {
    State.RECEIVED: Stage(
        work=Work.CHECK_DATASET,
        limit=timedelta(hours=4),  # to screen all of 100,000 examples; the check alone takes minutes
        on={
            Accepted: State.SUBMITTING,
            Rejected: State.REJECTED,
            CancelAsked: State.CANCELED,
            **_given_up(State.FAILED),
        },
    ),
    State.SUBMITTING: Stage(
        work=Work.SUBMIT_JOB,
        limit=timedelta(hours=1),
        on={
            Submitted: State.TRAINING,
            Refused: State.FAILED,
            CancelAsked: State.CANCELING,
            **_given_up(State.ABANDONING),
        },
    ),
    State.TRAINING: Stage(
        work=Work.READ_JOB,
        limit=timedelta(hours=48),
        on={
            Completed: State.DEPLOYING,
            Failed: State.FAILED,
            Canceled: State.CANCELED,
            Missing: State.ABANDONING,  # a setting may lead elsewhere, while the job runs on
            CancelAsked: State.CANCELING,
            **_given_up(State.ABANDONING),
        },
        notify=True,
    ),
    State.DEPLOYING: Stage(
        work=Work.DEPLOY,
        limit=timedelta(hours=2),
        on={
            Ready: State.VERIFYING,
            Failed: State.ABANDONING,
            CancelAsked: State.CANCELING,
            **_given_up(State.ABANDONING),
        },
    ),
    State.VERIFYING: Stage(
        work=Work.VERIFY,
        limit=timedelta(hours=1),
        on={
            Answered: State.SERVING,
            NotAnswered: State.ABANDONING,
            CancelAsked: State.CANCELING,
            **_given_up(State.ABANDONING),
        },
    ),
    State.ABANDONING: Stage(
        work=Work.CLEAN_UP,
        limit=timedelta(hours=6),
        on={CleanedUp: State.FAILED, CancelAsked: State.CANCELING, **_given_up(State.FAILED)},
        notify=True,
    ),
    State.CANCELING: Stage(
        work=Work.CLEAN_UP,
        limit=timedelta(hours=6),
        on={CleanedUp: State.CANCELED, **_given_up(State.FAILED)},
    ),
    State.DELETING: Stage(
        work=Work.DELETE,
        limit=timedelta(hours=6),
        on={CleanedUp: State.DELETED, **_given_up(State.FAILED)},
    ),
    State.SERVING: Stage(work=Work.NONE, on={DeleteAsked: State.DELETING}, notify=True),
    State.REJECTED: Stage(
        work=Work.NONE, on={RetryAsked: WHERE_IT_STOPPED, DeleteAsked: State.DELETED}, notify=True
    ),
    State.FAILED: Stage(
        work=Work.NONE, on={RetryAsked: WHERE_IT_STOPPED, DeleteAsked: State.DELETING}, notify=True
    ),
    State.CANCELED: Stage(
        work=Work.NONE, on={RetryAsked: WHERE_IT_STOPPED, DeleteAsked: State.DELETING}, notify=True
    ),
    State.DELETED: Stage(work=Work.NONE, notify=True),
}
CLEANING = frozenset({State.ABANDONING, State.CANCELING, State.DELETING})
STOPS = frozenset({State.ABANDONING, State.CANCELING, State.REJECTED, State.FAILED, State.CANCELED})


@dataclass(frozen=True)
class Decision:
    """What follows from an event: the run as it is now, and whom to tell."""

    run: Run
    notifications: tuple[Notification, ...] = ()


def decide(run: Run, event: Event, now: datetime) -> Decision | None:
    """Return what follows from an event, or None when it is stale (late or repeated)."""
    steps = LIFECYCLE[run.state].on
    if type(event) not in steps:
        return None
    next_state = steps[type(event)] or GOES_ON[run.stopped_in or State.RECEIVED]
    changed = replace(
        _learned(run, event),
        state=next_state,
        since=now,
        reasons=event.reasons or (run.reasons if run.state in CLEANING else ()),
        stopped_in=_stopped_in(run, next_state),
        missing_since=None,
    )
    told = tuple(Notification(changed, channel) for channel in Channel) if LIFECYCLE[next_state].notify else ()
    return Decision(changed, told)


def _stopped_in(run: Run, next_state: State) -> State | None:
    """Return where the run stopped: the state before the clean-up that leads to its end."""
    if next_state is State.SERVING:
        return None
    if next_state not in STOPS or run.state in (State.ABANDONING, State.CANCELING):
        return run.stopped_in
    return run.state


def _learned(run: Run, event: Event) -> Run:
    """Return the run with the facts that the event brings."""
    match event:
        case Accepted(checked=checked) | Rejected(checked=checked):
            return replace(run, checked=checked)
        case Ended(job_status=status, metrics=metrics) if status:
            return replace(run, job_status=status, metrics=metrics or run.metrics)
        case Ready(endpoint_url=url):
            return replace(run, endpoint_url=url)
        case RetryAsked():
            return _tried_again(run)
        case DeleteAsked():
            return replace(run, attempt=run.attempt + 1)  # how it ends is news, also for a run that failed before
        case _:
            return run


def _tried_again(run: Run) -> Run:
    """Return the run with names of its own for what the retry makes; without a new job, its job stays its job."""
    attempt = run.attempt + 1
    if GOES_ON[run.stopped_in or State.RECEIVED] in (State.DEPLOYING, State.DELETING):
        return replace(run, attempt=attempt, endpoint_url="")
    return replace(run, attempt=attempt, job_attempt=attempt, job_status="", metrics={}, endpoint_url="")


def limit_of(state: State, limits: Mapping[State, timedelta]) -> timedelta:
    """Return how long a state may take: as `limits` say, else as the table does."""
    return limits.get(state, LIFECYCLE[state].limit)


def deadline_of(
    run: Run, now: datetime, trouble: str = "", limits: Mapping[State, timedelta] = NO_LIMITS
) -> DeadlinePassed | None:
    """Return the event of a passed deadline, or None while there is time; `trouble` is what held the work up."""
    limit = limit_of(run.state, limits)
    if limit == timedelta.max or now - run.since <= limit:
        return None
    hours = limit / timedelta(hours=1)
    late = f"{run.state} took longer than {hours:g} h" + (f"; at last: {trouble}" if trouble else "")
    return DeadlinePassed(reasons=(*run.reasons, late))


def is_final(state: State) -> bool:
    """Tell whether nothing more happens to a run in this state unless people ask for it."""
    return LIFECYCLE[state].work is Work.NONE


def has_served(run: Run) -> bool:
    """Tell whether the run serves or did: one that never did stopped somewhere before it was deleted."""
    if run.state in (State.DELETING, State.DELETED, State.FAILED):
        return run.stopped_in in (None, State.DELETING)
    return run.state is State.SERVING


def limits_of(text: str) -> Mapping[State, timedelta]:
    """Return the limits that a setting spells in hours, as in "training=72, deploying=4".

    Raises ValueError that says what is wrong: a state without work has no limit, and none may be without end.
    """
    limits = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, hours = (word.strip() for word in part.partition("="))
        working = [state for state in LIFECYCLE if not is_final(state)]
        if name not in working:
            raise ValueError(f"{name!r} is none of {', '.join(working)}")
        if not LIMIT.fullmatch(hours) or not float(hours):
            raise ValueError(f"{part!r} must give hours above 0, as in {name}=2")
        limits[State(name)] = timedelta(hours=float(hours))
    return limits
