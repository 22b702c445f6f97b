"""What the app looks at before a job costs money: base model, region, datastore; on GPUs weights and quota."""

import logging
from collections.abc import Callable

from shared.core.base_models import BaseModel, Route, base_model, refusal
from shared.errors import NotFound, ServiceRefused, ServiceUnavailable
from shared.preflight.gpus import no_room
from shared.preflight.lines import NO_RIGHTS
from shared.preflight.site import Site
from shared.preflight.training import datastore_problem, wrong_region
from shared.preflight.weights import no_weights

log = logging.getLogger(__name__)

Problem = Callable[[], str | None]


def obstacle(name: str, site: Site) -> str | None:
    """Return why a job with this base model would fail, or None; raises UnknownBaseModel, ServiceUnavailable.

    What the app may not read stops nothing: Azure ML has the last word.
    """
    model = base_model(name)
    retired = refusal(model, site.now().date())
    if retired:
        return retired
    try:
        found = _elsewhere(model, site) or datastore_problem(site)
    except NotFound:
        return f"there is no Azure ML workspace {site.settings.workspace}"
    except ServiceRefused as refused:
        if refused.status not in NO_RIGHTS:
            raise
        found = None
    return found or (_on_gpus(model, site) if model.route is Route.MANAGED else None)


def _elsewhere(model: BaseModel, site: Site) -> str | None:
    at = site.region
    return wrong_region(model, at) if model.regions and at not in model.regions else None


def _on_gpus(model: BaseModel, site: Site) -> str | None:
    """Return what a job on GPUs would lack.

    The role that lets the app train does not let it read quota, and the registry may be out of its reach: what
    cannot be read, for whatever reason, stops nothing here.
    """
    weights = _as_far_as_readable("weights", lambda: no_weights(model, site))
    return weights or _as_far_as_readable("GPU quota", lambda: no_room(site))


def _as_far_as_readable(what: str, problem: Problem) -> str | None:
    try:
        return problem()
    except (ServiceRefused, ServiceUnavailable, KeyError, TypeError, ValueError) as error:
        log.info("%s were not looked at before the job: %s", what, type(error).__name__)
        return None
