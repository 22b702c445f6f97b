"""What the app looks at before a job that costs money: the base model, its region, the datastore."""

from shared.core.base_models import BaseModel, base_model, refusal
from shared.errors import NotFound, ServiceRefused
from shared.preflight.lines import NO_RIGHTS
from shared.preflight.site import Site, plain_region
from shared.preflight.training import datastore_problem, wrong_region


def obstacle(name: str, site: Site) -> str | None:
    """Return why a job with this base model would fail, or None; raises UnknownBaseModel, ServiceUnavailable.

    What the app may not read stops nothing: Azure ML has the last word.
    """
    model = base_model(name)
    retired = refusal(model, site.now().date())
    if retired:
        return retired
    try:
        return _elsewhere(model, site) or datastore_problem(site)
    except NotFound:
        return f"there is no Azure ML workspace {site.settings.workspace}"
    except ServiceRefused as refused:
        if refused.status not in NO_RIGHTS:
            raise
        return None


def _elsewhere(model: BaseModel, site: Site) -> str | None:
    at = plain_region(site.workspace["location"])
    return wrong_region(model, at) if model.regions and at not in model.regions else None
