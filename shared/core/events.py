"""What can be learned about a run; the table in lifecycle.py says what follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.core.run import Checked


@dataclass(frozen=True)
class Event:
    """Something learned about a run; `reasons` say why, in words for people."""

    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Accepted(Event):
    """The dataset is fit to train on."""

    checked: Checked = Checked()


@dataclass(frozen=True)
class Rejected(Event):
    """The dataset is not fit to train on; what was found out tells whom to write to."""

    checked: Checked = Checked()


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


class Missing(Event):
    """Azure ML has not known the job for so long that nobody waits for it any more."""


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


class Broken(Event):
    """The state's work meets a fault in TuneDrop itself, time after time."""


class CancelAsked(Event):
    """Somebody wants the run to end now."""


class RetryAsked(Event):
    """Somebody wants the run to go on where it stopped."""


class DeleteAsked(Event):
    """Somebody wants what the run made to be gone."""
