"""What served before: an endpoint costs money by the hour until it is deleted."""

import logging

from shared.core.lifecycle import has_served, is_final
from shared.core.run import Run
from shared.errors import NotFound
from shared.ports import Endpoints, Models, Runs

log = logging.getLogger(__name__)


def retire_previous(models: Models, endpoints: Endpoints, runs: Runs) -> None:
    """Delete the endpoints that served before newer ones; a name whose newer run ended otherwise points back."""
    for deployment in models.all():
        gone = deployment.previous
        if gone is None:
            continue
        run = _run(runs, deployment.run_id)
        if run and has_served(run):
            if endpoints.delete(gone.endpoint):
                models.forget_previous(deployment)
                log.info("run %s: the endpoint %s that served before is deleted", run.id, gone.endpoint)
        elif run is None or is_final(run.state):
            models.point_back(deployment)
            log.warning("run %s: it does not serve: %s serves again", deployment.run_id, gone.endpoint)


def _run(runs: Runs, run_id: str) -> Run | None:
    try:
        return runs.get(run_id).run
    except NotFound:
        return None
