"""What served before: an endpoint costs money by the hour until it is deleted."""

import logging

from shared.core.lifecycle import has_served, is_final
from shared.core.run import Run
from shared.errors import NotFound, TuneDropError
from shared.ports import Deployment, Endpoints, Models, Runs

log = logging.getLogger(__name__)


def retire_previous(models: Models, endpoints: Endpoints, runs: Runs) -> None:
    """Delete the endpoints that served before newer ones; a name whose newer run ended otherwise points back.

    One that fails keeps no other; it is raised when all were looked at.
    """
    failed: list[TuneDropError] = []
    for deployment in models.all():
        try:
            if deployment.previous:
                _retire(deployment, deployment.previous.endpoint, models, endpoints, _run(runs, deployment.run_id))
        except TuneDropError as error:
            failed.append(error)
    if failed:
        raise failed[0]


def _retire(deployment: Deployment, before: str, models: Models, endpoints: Endpoints, run: Run | None) -> None:
    if run and has_served(run):
        if endpoints.delete(before):
            models.forget_previous(deployment)
            log.info("run %s: the endpoint %s that served before is deleted", run.id, before)
    elif run is None or is_final(run.state):
        models.point_back(deployment)
        log.warning("run %s: it does not serve: %s serves again", deployment.run_id, before)


def _run(runs: Runs, run_id: str) -> Run | None:
    try:
        return runs.get(run_id).run
    except NotFound:
        return None
