"""Checks of the machines that train and serve on GPUs: whether the region has them, and whether there is quota."""

from collections.abc import Iterator

from shared.preflight.lines import PROVISION, Line, missing, ok, unknown
from shared.preflight.machines import Quota, Size, Use, quota_of, size_of, usages_of, uses_of
from shared.preflight.site import Site

SETTING = {"training": "TRAINING_INSTANCE", "hosting": "HOSTING_INSTANCE"}


def machines(site: Site) -> Iterator[Line]:
    """Tell whether the region has the machines, with as many GPUs as are wanted."""
    wanted = int(site.settings.training_gpus)
    for use in uses_of(site):
        size = size_of(site, use.instance)
        problem = _misfit(use, size, site, wanted if use.purpose == "training" else 1)
        if problem:
            yield missing(problem, f"azd env set {SETTING[use.purpose]} NAME; {PROVISION}  # {_choices(site)}")
        elif size:
            unused = f", of which {wanted} train" if use.purpose == "training" and wanted < size.gpus else ""
            yield ok(f"{use.purpose} on {size.name}: {_gpus(size.gpus)}{unused}")


def _misfit(use: Use, size: Size | None, site: Site, gpus: int) -> str | None:
    if size is None:
        return f"{site.region} has no {use.instance}, which is chosen for {use.purpose}"
    if size.gpus < gpus:
        return f"{size.name} has {_gpus(size.gpus)}, and {use.purpose} needs {gpus}"
    if use.spot and not size.spot:
        return f"{size.name} is not rented at low priority: TRAINING_TIER=spot gets none"
    return None


def _gpus(number: int) -> str:
    return f"{number} GPU" if number == 1 else f"{number} GPUs"


def _choices(site: Site) -> str:
    return f"az ml compute list-sizes --location {site.region}, those with GPUs"


def quota(site: Site) -> Iterator[Line]:
    """Tell whether the machines of training and hosting have quota, and whether some of it is free."""
    usages = usages_of(site)
    for use in uses_of(site):
        size = size_of(site, use.instance)
        found = size and quota_of(usages, size, spot=use.spot)
        if size is None:
            yield unknown(f"to be seen once {site.region} has the machine for {use.purpose}")
        elif not found:
            yield unknown(f"Azure tells no quota of {size.family} in {site.region}", "ml.azure.com > Quota")
        elif found.free >= use.vcpus(size):
            free = "it has no limit" if found.limit < 0 else f"{found.free} of {found.limit} are free"
            yield ok(f"{use.purpose} needs {use.vcpus(size)} vCPUs of {found.name}: {free}")
        else:
            yield missing(too_little(use, size, found, site), _ask_for(use, size, found, site))


def too_little(use: Use, size: Size, found: Quota, site: Site) -> str:
    """Return what is said where a quota does not suffice, either at all or at the moment."""
    needs = f"{use.purpose} needs {use.vcpus(size)} vCPUs of {found.name} in {site.region}"
    if found.limit < use.vcpus(size):
        return f"{needs}, and the limit is {found.limit}"
    return f"{needs}, and {found.used} of {found.limit} are in use"


def _ask_for(use: Use, size: Size, found: Quota, site: Site) -> str:
    enough, kind = found.used + use.vcpus(size), "lowPriority" if use.spot else "dedicated"
    return (
        f"ml.azure.com > Quota > {found.name} > Request quota: {enough} vCPUs; or az quota update --resource-name "
        f"{found.name} --resource-type {kind} --limit-object value={enough} --scope {site.locations_path}"
    )


def no_room(site: Site) -> str | None:
    """Return which quota is too small for a run at any time, or None; what is in use now may be free by then."""
    usages = usages_of(site)
    for use in uses_of(site) if site.sizes else ():
        size = size_of(site, use.instance)
        if size is None:
            return f"{site.region} has no {use.instance}, which is chosen for {use.purpose}"
        found = quota_of(usages, size, spot=use.spot)
        if found and 0 <= found.limit < use.vcpus(size):
            return too_little(use, size, found, site)
    return None
