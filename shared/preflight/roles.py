"""Checks of who may do what: infra/roles.bicep and infra/gpuroles.bicep, against what Azure has assigned."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from shared.core.base_models import Route
from shared.errors import NotFound
from shared.preflight.lines import ANEW, PROVISION, Line, missing, ok, unknown
from shared.preflight.site import MACHINE_LEARNING, ROLES, Facts, Site

Who = Literal["app", "project", "machines", "you"]

IDS = {
    "Storage Blob Data Owner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "Storage Blob Data Reader": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    "Storage Queue Data Contributor": "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
    "Storage Table Data Contributor": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
    "Monitoring Metrics Publisher": "3913510d-42f4-4e42-8a64-420c390055eb",
    "AzureML Data Scientist": "f6c7c914-8db3-469d-8ca1-694a8f32e121",
    "Cognitive Services User": "a97b65f3-24c7-4388-baec-2e87135dc908",
    "EventGrid Data Sender": "d5a91429-5739-47e2-a06b-3470a27159e7",
    "Communication and Email Service Owner": "09976791-48a7-449e-bb21-39d1a415f350",
    "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
    "AcrPull": "7f951dda-4ed3-4680-a7ca-43fe172d538d",
    "Managed Identity Operator": "f1a07417-d97a-45cb-824c-7a7467783830",
}
MORE = {  # roles that hold all that another one holds
    "Storage Blob Data Contributor": ("Storage Blob Data Owner",),
    "Storage Blob Data Reader": ("Storage Blob Data Contributor", "Storage Blob Data Owner"),
}


@dataclass(frozen=True)
class Need:
    """A role that somebody needs; `on` is what the infrastructure calls the resource."""

    who: Who
    role: str
    on: str
    route: Route | None = None  # of base models without which nobody needs it


NEEDS = (
    Need("app", "Storage Blob Data Owner", "storage"),
    Need("app", "Storage Queue Data Contributor", "storage"),
    Need("app", "Storage Table Data Contributor", "storage"),
    Need("app", "Monitoring Metrics Publisher", "insights"),
    Need("app", "AzureML Data Scientist", "project"),
    Need("app", "Cognitive Services User", "contentSafety"),
    Need("app", "EventGrid Data Sender", "newsTopic"),
    Need("app", "Communication and Email Service Owner", "communication"),
    Need("app", "Key Vault Secrets User", "webhook"),
    Need("app", "Managed Identity Operator", "machines", Route.MANAGED),
    Need("project", "Storage Blob Data Reader", "reports"),
    Need("machines", "Storage Blob Data Contributor", "reports", Route.MANAGED),
    Need("machines", "Storage Blob Data Contributor", "hubStorage", Route.MANAGED),
    Need("machines", "AcrPull", "images", Route.MANAGED),
    Need("you", "Storage Blob Data Contributor", "datasets"),
    Need("you", "Storage Blob Data Reader", "reports"),
    Need("you", "Storage Table Data Contributor", "keys"),
    Need("you", "Storage Table Data Contributor", "policies"),
)
ANY_OF = {  # resources that no setting names: the role on any one of these kinds in the group is taken for it
    "insights": "Microsoft.Insights/components",
    "images": "Microsoft.ContainerRegistry/registries",
}
DEFAULT_DATASTORE = "workspaceblobstore"  # Azure ML's own, where registered models lie
GPU_TRAINING = f"azd env set GPU_TRAINING true; {PROVISION}  # infra/gpu.bicep makes it"

TO_BE_FOUND: Mapping[str, Callable[[Site], Facts | None]] = {
    "newsTopic": lambda site: site.topic,
    "contentSafety": lambda site: site.content_safety,
    "communication": lambda site: site.communication,
    "webhook": lambda site: site.webhook_secret,
}


def of_the_app(site: Site) -> Iterator[Line]:
    """Tell which roles the app's identity lacks."""
    if site.app is None:
        yield missing("there is no Function App to have roles", ANEW)
        return
    name, principals = site.app["name"], site.app_principals
    if not principals:
        yield missing(f"{name} has no identity", PROVISION)
    elif len(principals) > 1:
        yield unknown(
            f"{name} has {len(principals)} identities, and which of them it runs as was not found",
            f"{PROVISION}  # sets keyVaultReferenceIdentity, by which it is known",
        )
    else:
        yield from _lacking(site, "app", principals[0])


def of_the_project(site: Site) -> Iterator[Line]:
    """Tell whether jobs may read what they train on."""
    try:
        principal = (site.workspace.get("identity") or {}).get("principalId", "")
    except NotFound:
        yield unknown("to be seen once the workspace is there")
        return
    if principal:
        yield from _lacking(site, "project", principal)
    else:
        yield unknown(f"{site.settings.workspace} has no system-assigned identity: jobs read by another way")


def of_the_machines(site: Site) -> Iterator[Line]:
    """Tell whether jobs and endpoints on GPUs have an identity, and whether it may read and write their files."""
    try:
        machines = site.machines
    except NotFound:
        yield unknown("to be seen once the workspace is there")
        return
    if machines is None:
        name = site.settings.workspace
        yield missing(f"{name} has no user-assigned identity, and jobs and endpoints run as one", GPU_TRAINING)
    else:
        yield from _lacking(site, "machines", machines.principal)


def of_the_caller(site: Site) -> Iterator[Line]:
    """Tell which roles the caller lacks for dropping datasets, reading reports and making keys."""
    principal = site.claims.get("oid", "")
    if principal:
        yield from _lacking(site, "you", principal)
    else:
        yield unknown("the token does not say whose it is")


def _lacking(site: Site, who: Who, principal: str) -> Iterator[Line]:
    path = site.of_group("Microsoft.Authorization/roleAssignments")
    given = [
        (one["properties"]["roleDefinitionId"].rpartition("/")[2].lower(), one["properties"]["scope"].lower())
        for one in site.azure.listed(path, ROLES, f"assignedTo('{principal}')")
    ]
    needs = [need for need in NEEDS if need.who == who and need.route in (None, site.route)]
    fine = 0
    for need in needs:
        scope = _scope(site, need.on)
        if scope is None:
            yield unknown(f"{need.role}: what it is needed on was not found")
        elif _held(need, scope.lower(), given):
            fine += 1
        else:
            yield missing(f"lacks {need.role} on {need.on}", _assign(need, scope, principal))
    if fine == len(needs):
        yield ok(f"{fine} {'role is' if fine == 1 else 'roles are'} assigned")


def _held(need: Need, scope: str, given: list[tuple[str, str]]) -> bool:
    """Tell whether the role, or one that holds it, is assigned on the scope or above it."""
    accepted = {IDS[role] for role in (need.role, *MORE.get(need.role, ()))}
    scopes = [assigned.rstrip("/") for role, assigned in given if role in accepted]
    inside = need.on in ANY_OF
    return any(
        scope == one or scope.startswith(f"{one}/") or (inside and one.startswith(f"{scope}/")) for one in scopes
    )


def _assign(need: Need, scope: str, principal: str) -> str:
    if need.on in ANY_OF:
        return f"{PROVISION}  # the infrastructure assigns it"
    kind = "" if need.who == "you" else " --assignee-principal-type ServicePrincipal"
    return f'az role assignment create --assignee-object-id {principal}{kind} --role "{need.role}" --scope {scope}'


def _scope(site: Site, on: str) -> str | None:
    """Return the id of what a role is needed on, or None where it is not there."""
    if on in ANY_OF:
        return site.of_group(ANY_OF[on])
    if on in TO_BE_FOUND:
        found = TO_BE_FOUND[on](site)
        return found["id"] if found else None
    if on == "machines":
        return site.machines.id if site.machines else None
    if on == "hubStorage":
        return _default_store(site)
    return {
        "storage": site.account_id,
        "project": site.workspace_id,
        "datasets": f"{site.account_id}/blobServices/default/containers/datasets",
        "reports": f"{site.account_id}/blobServices/default/containers/reports",
        "keys": f"{site.account_id}/tableServices/default/tables/keys",
        "policies": f"{site.account_id}/tableServices/default/tables/policies",
    }[on]


def _default_store(site: Site) -> str | None:
    """Return the id of the storage account that the workspace keeps models in."""
    path = f"{site.workspace_id}/datastores/{DEFAULT_DATASTORE}"
    try:
        account = site.azure.read(path, MACHINE_LEARNING)["properties"].get("accountName")
    except NotFound:
        return None
    return site.of_group(f"Microsoft.Storage/storageAccounts/{account}") if account else None
