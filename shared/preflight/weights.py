"""Check of the weights that jobs train on: the base model in Azure ML's registry `azureml`."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from shared.core.base_models import BaseModel, UnknownBaseModel, base_model
from shared.errors import NotFound
from shared.preflight.lines import Line, missing, ok, unknown
from shared.preflight.site import Site

REGISTRY = "azureml"  # Microsoft's, the same for everybody
DISCOVERY, DATA_PLANE = "v1.0", "2021-10-01-dataplanepreview"  # the versions that azure-ai-ml 1.35.2 asks by


def weights(site: Site) -> Iterator[Line]:
    """Tell whether the registry has the base model in its version."""
    try:
        model = base_model(site.settings.base_model)
        models = _models_path(site)
    except (UnknownBaseModel, NotFound):
        yield unknown("to be seen once base model, workspace and registry are there")
        return
    problem = _problem(model, models, site)
    if problem:
        yield missing(
            problem, f"az ml model list --registry-name {REGISTRY} --name {model.name} --include-archived"
        )
    else:
        yield ok(f"{model.registry_path} is there")


def no_weights(model: BaseModel, site: Site) -> str | None:
    """Return that the registry does not have the base model, or None; raises what reading raises."""
    return _problem(model, _models_path(site), site)


def _problem(model: BaseModel, models: str, site: Site) -> str | None:
    path = f"{models}/{model.name}"
    try:
        if model.version:
            site.azure.read(f"{path}/versions/{model.version}", DATA_PLANE)
        elif not site.azure.listed(f"{path}/versions", DATA_PLANE):
            raise NotFound(REGISTRY, "no version")
    except NotFound:
        version = f" in version {model.version}" if model.version else ""
        return f"the registry {REGISTRY} has no {model.name}{version}"
    return None


def _models_path(site: Site) -> str:
    """Return the address of the registry's models; each region's Azure ML knows where the registry is."""
    region = urlsplit(site.workspace["properties"]["discoveryUrl"])
    where = f"{region.scheme}://{region.netloc}/registrymanagement/v1.0/registries/{REGISTRY}/discovery"
    found = site.azure.read(where, DISCOVERY)
    return (
        f"{found['primaryRegionResourceProviderUri'].rstrip('/')}/mferp/managementfrontend"
        f"/subscriptions/{found['subscriptionId']}/resourceGroups/{found['resourceGroup']}"
        f"/providers/Microsoft.MachineLearningServices/registries/{REGISTRY}/models"
    )
