"""Checks of what training needs: the workspace, its region, the base model, the datastore."""

from collections.abc import Iterator

from shared.core.base_models import BaseModel, Route, UnknownBaseModel, base_model, base_models, refusal
from shared.errors import NotFound
from shared.preflight.lines import PROVISION, Line, missing, ok, unknown
from shared.preflight.site import MACHINE_LEARNING, Site, plain_region

CONTAINER = "reports"  # where the app writes what a job reads


def workspace(site: Site) -> Iterator[Line]:
    """Tell whether the workspace is there, and is of the kind that the base model's route takes."""
    name = site.settings.workspace
    try:
        found = site.workspace
    except NotFound:
        yield missing(f"there is no Azure ML workspace {name} in {site.settings.resource_group}", PROVISION)
        return
    state, kind = found["properties"].get("provisioningState"), found.get("kind", "Default")
    if state != "Succeeded":
        yield missing(f"{name} is {state}", PROVISION)
    elif kind == "Hub" or (kind != "Project" and site.route is Route.SERVERLESS):
        yield missing(
            f"{name} is of kind {kind}: fine-tuning takes the project of a hub",
            f"{PROVISION}  # makes a hub and a project; then AZURE_ML_WORKSPACE is the project's name",
        )
    else:
        yield ok(f"{name} is a {'project' if kind == 'Project' else 'workspace'} in {found['location']}")


def chosen_model(site: Site) -> Iterator[Line]:
    """Tell whether the base model of datasets that choose none can still be fine-tuned."""
    try:
        model = base_model(site.settings.base_model)
    except UnknownBaseModel as unknown_name:
        yield missing(str(unknown_name), f"azd env set BASE_MODEL {next(iter(base_models()))}; {PROVISION}")
        return
    reason = refusal(model, site.now().date())
    if reason:
        managed = ", ".join(one.name for one in base_models().values() if one.route is Route.MANAGED)
        yield missing(
            reason,
            f"azd env set BASE_MODEL {model.replaced_by}; {PROVISION}  # on GPU compute also {managed}",
        )
    else:
        yield ok(f"{model.name} can be fine-tuned ({model.route})")


def region(site: Site) -> Iterator[Line]:
    """Tell whether the workspace's region fine-tunes the base model."""
    try:
        model = base_model(site.settings.base_model)
        at = plain_region(site.workspace["location"])
    except (UnknownBaseModel, NotFound):
        yield unknown("to be seen once base model and workspace are there")
        return
    if at in model.regions:
        yield ok(f"{at} fine-tunes {model.name}")
    elif model.regions:
        yield missing(
            wrong_region(model, at),
            f"azd env set AZURE_AI_LOCATION {model.regions[0]}; azd up  # what lies in {at} stays until you "
            "remove it: docs/azure.md, Another region",
        )
    else:
        yield unknown(f"{model.name} is fine-tuned in no region any more")


def wrong_region(model: BaseModel, region: str) -> str:
    """Return what is wrong with training the model in this region."""
    return f"{model.name} is fine-tuned in {', '.join(model.regions)}, and the workspace is in {region}"


def datastore(site: Site) -> Iterator[Line]:
    """Tell whether jobs find the files that the app writes for them."""
    problem = datastore_problem(site)
    name = site.settings.training_datastore
    if problem:
        yield missing(problem, f"{PROVISION}  # infra/ai.bicep makes {name}; or set TRAINING_DATASTORE")
    else:
        yield ok(f"{name} shows {site.account}/{CONTAINER}")


def datastore_problem(site: Site) -> str | None:
    """Return what is wrong with the datastore, or None."""
    name = site.settings.training_datastore
    try:
        found = site.azure.read(f"{site.workspace_id}/datastores/{name}", MACHINE_LEARNING)["properties"]
    except NotFound:
        return f"the workspace has no datastore {name}"
    shows = f"{found.get('accountName')}/{found.get('containerName')}"
    wanted = f"{site.account}/{CONTAINER}"
    return None if shows == wanted else f"datastore {name} shows {shows}, and jobs' files lie in {wanted}"
