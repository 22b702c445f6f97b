"""The work of `abandoning`, `canceling` and `deleting`: leave nothing that costs money."""

from dataclasses import replace
from datetime import timedelta

from shared.core.events import CleanedUp, Event
from shared.core.run import Run
from shared.work.services import Services, Waiting

SETTLED_AFTER = timedelta(minutes=1)  # longer than any call of a host that died in the meantime (calling.py: 46 s)


def clean_up(run: Run, services: Services) -> Event | Waiting:
    """Leave nothing of the run; look once more after a while, for what was under way when the clean-up began."""
    left = _left(run, services)
    if left:
        return Waiting(trouble=f"{', '.join(left)} still there")
    settled = services.clock() - run.since >= SETTLED_AFTER
    return CleanedUp() if settled else Waiting(trouble="a last look for what comes late")


def delete(run: Run, services: Services) -> Event | Waiting:
    """Leave nothing of the run, then archive its model: Azure ML refuses that while an endpoint serves it."""
    left = _left(run, services)
    if left:
        return Waiting(trouble=f"{', '.join(left)} still there")
    services.training.archive(run)
    return CleanedUp()


def _left(run: Run, services: Services) -> list[str]:
    """Free the name, cancel jobs and delete endpoints of every attempt; return what is there still."""
    attempts = [replace(run, attempt=number, job_attempt=number) for number in range(1, run.attempt + 1)]
    left = [] if _free_name(run, services) else [f"the name {run.model}"]
    left += [f"the job {one.job}" for one in attempts if not services.training.cancel(one)]
    left += [f"the endpoint {one.endpoint}" for one in attempts if not services.endpoints.delete(one.endpoint)]
    return left


def _free_name(run: Run, services: Services) -> bool:
    """Let the model's name point at nothing where it points at this run; True once it does not."""
    served = services.models.find(run.model)
    if served is None or served.run_id != run.id:
        return True
    if served.previous_endpoint and not services.endpoints.delete(served.previous_endpoint):
        return False  # the row is all that remembers that endpoint
    services.models.free(served)
    return True
