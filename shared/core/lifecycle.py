"""A run's life in one table: what each state does, for how long at most, and what follows from each event."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from shared.core.run import Channel, Checked, Notification, Run, State


class Work(StrEnum):
    """What a state asks for; repeated until it yields an event, so each is idempotent."""

    CHECK_DATASET = "check and screen the dataset, write the report, make the split"
    SUBMIT_JOB = "submit the job"
    READ_JOB = "read the job"
    CLEAN_UP = "cancel the job and delete the endpoint (else they go on costing money)"
    DEPLOY = "create or read the endpoint"
    VERIFY = "ask the new deployment through the moderated path"
    NONE = "none"


@dataclass(frozen=True)
class Event:
    """Something learned about a run; `reasons` say why, in words for people."""

    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Accepted(Event):
    """The dataset is fit to train on."""

    checked: Checked = Checked()


class Rejected(Event):
    """The dataset is not fit to train on."""


class Submitted(Event):
    """Azure ML has the job."""


class Refused(Event):
    """Azure ML does not take the job."""


@dataclass(frozen=True)
class Ended(Event):
    """The job or the deployment came to an end; the job's last status and metrics, where one was read."""

    job_status: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)


class Completed(Ended):
    """The job ended well."""


class Failed(Ended):
    """The job or the deployment ended badly."""


class Canceled(Ended):
    """The job was canceled."""


@dataclass(frozen=True)
class Ready(Event):
    """The endpoint is provisioned."""

    endpoint_url: str = ""


class Answered(Event):
    """The deployment answered through the moderated path, and the model's name points at it."""


class NotAnswered(Event):
    """The deployment gave no usable answer."""


class CleanedUp(Event):
    """Nothing of the run is left that costs money."""


class DeadlinePassed(Event):
    """The state took longer than its limit."""


@dataclass(frozen=True)
class Stage:
    """One row of the table."""

    work: Work
    limit: timedelta = timedelta.max
    on: Mapping[type[Event], State] = field(default_factory=dict)
    notify: bool = False


LIFECYCLE: Mapping[State, Stage] = {
    State.RECEIVED: Stage(
        work=Work.CHECK_DATASET,
        limit=timedelta(hours=4),  # to screen all of 100,000 examples; the check alone takes minutes
        on={Accepted: State.SUBMITTING, Rejected: State.REJECTED, DeadlinePassed: State.FAILED},
    ),
    State.SUBMITTING: Stage(
        work=Work.SUBMIT_JOB,
        limit=timedelta(hours=1),
        on={Submitted: State.TRAINING, Refused: State.FAILED, DeadlinePassed: State.ABANDONING},
    ),
    State.TRAINING: Stage(
        work=Work.READ_JOB,
        limit=timedelta(hours=48),
        on={
            Completed: State.DEPLOYING,
            Failed: State.FAILED,
            Canceled: State.CANCELED,
            DeadlinePassed: State.ABANDONING,
        },
        notify=True,
    ),
    State.ABANDONING: Stage(
        work=Work.CLEAN_UP,
        limit=timedelta(hours=6),
        on={CleanedUp: State.FAILED, DeadlinePassed: State.FAILED},
    ),
    State.DEPLOYING: Stage(
        work=Work.DEPLOY,
        limit=timedelta(hours=2),
        on={Ready: State.VERIFYING, Failed: State.ABANDONING, DeadlinePassed: State.ABANDONING},
    ),
    State.VERIFYING: Stage(
        work=Work.VERIFY,
        limit=timedelta(hours=1),
        on={Answered: State.SERVING, NotAnswered: State.ABANDONING, DeadlinePassed: State.ABANDONING},
    ),
    State.SERVING: Stage(work=Work.NONE, notify=True),
    State.REJECTED: Stage(work=Work.NONE, notify=True),
    State.FAILED: Stage(work=Work.NONE, notify=True),
    State.CANCELED: Stage(work=Work.NONE, notify=True),
}


@dataclass(frozen=True)
class Decision:
    """What follows from an event: the run as it is now, and whom to tell."""

    run: Run
    notifications: tuple[Notification, ...] = ()


def decide(run: Run, event: Event, now: datetime) -> Decision | None:
    """Return what follows from an event, or None when it is stale (late or repeated)."""
    next_state = LIFECYCLE[run.state].on.get(type(event))
    if next_state is None:
        return None
    changed = replace(_learned(run, event), state=next_state, since=now, reasons=event.reasons or run.reasons)
    told = tuple(Notification(changed, channel) for channel in Channel) if LIFECYCLE[next_state].notify else ()
    return Decision(changed, told)


def _learned(run: Run, event: Event) -> Run:
    """Return the run with the facts that the event brings."""
    match event:
        case Accepted(checked=checked):
            return replace(run, checked=checked)
        case Ended(job_status=status, metrics=metrics) if status:
            return replace(run, job_status=status, metrics=metrics or run.metrics)
        case Ready(endpoint_url=url):
            return replace(run, endpoint_url=url)
        case _:
            return run


def deadline_of(run: Run, now: datetime, trouble: str = "") -> DeadlinePassed | None:
    """Return the event of a passed deadline, or None while there is time; `trouble` is what held the work up."""
    limit = LIFECYCLE[run.state].limit
    if limit == timedelta.max or now - run.since <= limit:
        return None
    hours = limit / timedelta(hours=1)
    late = f"{run.state} took longer than {hours:g} h" + (f"; at last: {trouble}" if trouble else "")
    return DeadlinePassed(reasons=(*run.reasons, late))


def is_final(state: State) -> bool:
    """Tell whether nothing more happens to a run in this state."""
    return not LIFECYCLE[state].on
