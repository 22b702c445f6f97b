"""The work of `deploying` and `verifying`: create the endpoint, ask it, let the name point at it."""

from datetime import datetime

from shared.core.events import Answered, Event, Failed, NotAnswered, Ready
from shared.core.run import Run
from shared.errors import ServiceRefused
from shared.ports import Deployment
from shared.work.cleaning import end_earlier
from shared.work.services import NO_RIGHTS, Services, Waiting


def deploy(run: Run, services: Services) -> Event | Waiting:
    """Create the endpoint, or read how far it is."""
    try:
        endpoint = services.endpoints.create(run)
    except ServiceRefused as refusal:
        if refusal.status in NO_RIGHTS:
            raise
        return Failed((f"Azure ML refused the endpoint: {refusal.reason}",))
    if endpoint.state == "succeeded":
        return Ready(endpoint_url=endpoint.url)
    if endpoint.state in ("failed", "canceled"):
        return Failed((f"the endpoint was not provisioned: {endpoint.reason or endpoint.state}",))
    return Waiting()


def verify(run: Run, services: Services) -> Event | Waiting:
    """Ask the new deployment through the moderated path; then let the model's name point at it."""
    end_earlier(run, services)
    served = services.models.find(run.model)
    if served is not None and served.endpoint == run.endpoint:
        return Answered()  # done before; the run's row was not saved
    deployment = _deployment(run, services.clock())
    problem = services.verify(deployment, run)
    if problem:
        return NotAnswered((problem,))
    served = services.models.point(deployment)
    if served.run_id != run.id:
        return NotAnswered((f"a newer upload already serves {run.model!r} (run {served.run_id})",))
    if served.endpoint != run.endpoint:
        return Waiting(trouble="the name points at an earlier attempt's endpoint")
    return Answered()


def _deployment(run: Run, now: datetime) -> Deployment:
    return Deployment(
        model=run.model,
        run_id=run.id,
        endpoint=run.endpoint,
        url=run.endpoint_url,
        base_model=run.checked.base_model,
        created=now,
        dataset_created=run.created,
        content_hash=run.checked.content_hash,
    )
