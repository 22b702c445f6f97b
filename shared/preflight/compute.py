"""Checks of what a job runs on and as whom, and whether it reaches its files from there."""

from collections.abc import Iterator

from shared.errors import NotFound
from shared.preflight.lines import PROVISION, Line, missing, ok, unknown
from shared.preflight.machines import CLUSTER, cluster_of
from shared.preflight.site import STORAGE, Facts, Site


def compute(site: Site) -> Iterator[Line]:
    """Tell whether jobs have compute."""
    name = site.settings.training_compute
    if name == "serverless":
        yield ok("jobs get serverless compute: nothing is paid for between them")
        return
    cluster = cluster_of(site)
    if cluster is None:
        yield missing(f"the workspace has no compute {name}", _make(site))
        return
    problems = list(_problems(cluster, site))
    yield from problems or [ok(_description(cluster, name))]


def network(site: Site) -> Iterator[Line]:
    """Tell whether machines reach the storage account, which a private network keeps for itself."""
    try:
        properties = site.azure.read(site.account_id, STORAGE)["properties"]
    except NotFound:
        yield unknown(f"to be seen once there is a storage account {site.account}")
        return
    closed = properties.get("publicNetworkAccess") == "Disabled"
    if closed or (properties.get("networkAcls") or {}).get("defaultAction") == "Deny":
        yield unknown(
            f"{site.account} lets in named networks only, and machines come from the hub's managed one, if any",
            "docs/azure.md, Networking, says what the hub needs",
        )
    else:
        yield ok(f"machines reach {site.account}")


def _problems(cluster: Facts, site: Site) -> Iterator[Line]:
    """Yield what keeps jobs from running on a cluster."""
    name, properties = site.settings.training_compute, cluster["properties"]
    kind, state = properties.get("computeType"), properties.get("provisioningState")
    if kind != CLUSTER:
        yield missing(f"{name} is no compute cluster, but a {kind}", _make(site))
        return
    if state != "Succeeded":
        yield missing(f"{name} is {state}", f"az ml compute show --name {name} {_where(site)}")
    if _nodes(cluster, "max", 1) < 1:
        yield missing(f"{name} may have no node", _update(site, "--max-instances 1"))
    yield from _stranger(cluster, site)


def _stranger(cluster: Facts, site: Site) -> Iterator[Line]:
    """Yield that jobs on a cluster run as nobody, or as somebody of whom nothing is known here."""
    name, machines, identity = site.settings.training_compute, site.machines, cluster.get("identity") or {}
    if machines is None or machines.id.lower() in map(str.lower, identity.get("userAssignedIdentities") or {}):
        return
    run_as = _update(site, f"--identity-type user_assigned --user-assigned-identities {machines.id}")
    if identity.get("type", "None") == "None":
        yield missing(f"{name} has no identity, and jobs could read and write no file", run_as)
    else:
        yield unknown(f"{name} has an identity of its own: it needs the roles of the machines", run_as)


def _description(cluster: Facts, name: str) -> str:
    chosen = cluster["properties"].get("properties") or {}
    kind = "low-priority" if chosen.get("vmPriority") == "LowPriority" else "dedicated"
    most, idle = _nodes(cluster, "max", 1), _nodes(cluster, "min", 0)
    paid = f"; {idle} of them is paid for while nothing trains" if idle else ""
    return f"{name}: {kind} {chosen.get('vmSize')}, {most} at most{paid}"


def _nodes(cluster: Facts, bound: str, otherwise: int) -> int:
    scale = (cluster["properties"].get("properties") or {}).get("scaleSettings") or {}
    found = scale.get(f"{bound}NodeCount")
    return otherwise if found is None else int(found)


def _where(site: Site) -> str:
    return f"--resource-group {site.settings.resource_group} --workspace-name {site.settings.workspace}"


def _update(site: Site, change: str) -> str:
    return f"az ml compute update --name {site.settings.training_compute} {change} {_where(site)}"


def _make(site: Site) -> str:
    settings = site.settings
    tier = "low_priority" if settings.training_tier == "spot" else "dedicated"
    run_as = (
        f" --identity-type user_assigned --user-assigned-identities {site.machines.id}" if site.machines else ""
    )
    return (
        f"az ml compute create --type AmlCompute --name {settings.training_compute} --size "
        f"{settings.training_instance} --min-instances 0 --max-instances 1 --tier {tier}{run_as} {_where(site)}; "
        f"or azd env set TRAINING_COMPUTE serverless; {PROVISION}"
    )
