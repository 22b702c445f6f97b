"""Azure ML: jobs and endpoints, whatever the route."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from shared.core.run import Run

PREFLIGHT = "Preflight"  # the code of a refusal by us, before Azure ML was asked for anything that costs money


@dataclass(frozen=True)
class Job:
    """Azure ML's job: status in Azure's spelling, why it failed, and the latest value of each MLflow metric.

    `missing_since`: for a job that Azure ML does not know, when it was looked for first.
    """

    status: str
    reason: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    missing_since: datetime | None = None


class Training(Protocol):
    """Azure ML's jobs that train."""

    def submit(self, run: Run) -> None:
        """Create the run's job, or find it there; raises ServiceRefused when Azure ML will not have it."""
        ...

    def job(self, run: Run) -> Job:
        """Return the run's job; raises NotFound."""
        ...

    def cancel(self, run: Run) -> bool:
        """Ask for the job's end; True once it has ended or was never there."""
        ...

    def archive(self, run: Run) -> None:
        """Take the job's model out of the lists, if there is one; ServiceRefused while an endpoint serves it."""
        ...


@dataclass(frozen=True)
class Endpoint:
    """An endpoint: provisioning state in lower case (`succeeded`), where it answers, why it failed."""

    state: str
    url: str = ""
    reason: str = ""


class Endpoints(Protocol):
    """Azure ML's endpoints that serve."""

    def create(self, run: Run) -> Endpoint:
        """Create the run's endpoint, or find it there; raises ServiceRefused when Azure ML will not have it."""
        ...

    def delete(self, endpoint: str) -> bool:
        """Ask for the endpoint's end; True once it is gone or was never there.

        Raises ServiceUnavailable while something else is under way there.
        """
        ...
