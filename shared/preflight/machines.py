"""Machines in the workspace's region: their sizes, and how many vCPUs of a family may run there."""

import math
import re
from dataclasses import dataclass

from shared.errors import NotFound
from shared.preflight.site import MACHINE_LEARNING, Facts, Site

SPARE = 1.2  # of the instances: what Azure keeps free for upgrades of an online deployment
# Families of which it keeps nothing free: "Managed online endpoints SKU list", column "Skip 20% Reservation".
NO_SPARE = frozenset(
    {
        "standardncadsa100v4family",
        "standardncadsh100v5family",
        "standardndamsv4a100family",
        "standardndasv4a100family",
        "standardndsv2family",
        "standardndv5h100family",
    }
)
SPOT_TOTAL = "lowprioritycores/usages"  # how the type of the one quota for all low-priority machines ends
CLUSTER = "AmlCompute"


@dataclass(frozen=True)
class Size:
    """An instance type that the region offers."""

    name: str
    family: str
    cores: int  # vCPUs
    gpus: int
    spot: bool  # whether Azure rents it at low priority


@dataclass(frozen=True)
class Quota:
    """How many vCPUs may run, and how many do; a limit below 0 is none."""

    name: str
    used: int
    limit: int

    @property
    def free(self) -> float:
        """How many more may run."""
        return math.inf if self.limit < 0 else self.limit - self.used


@dataclass(frozen=True)
class Use:
    """One machine that a run needs: for training, then for hosting."""

    purpose: str
    instance: str
    spot: bool = False

    def vcpus(self, size: Size) -> int:
        """Return the vCPUs that there must be quota for."""
        spared = self.purpose == "hosting" and _plain(size.family) not in NO_SPARE
        return size.cores * (math.ceil(SPARE) if spared else 1)


def uses_of(site: Site) -> list[Use]:
    """Return what a run needs; a cluster has machines of its own choice."""
    settings = site.settings
    training = Use("training", settings.training_instance, settings.training_tier == "spot")
    cluster = cluster_of(site)
    if cluster:
        chosen = cluster["properties"].get("properties") or {}
        spot = chosen.get("vmPriority") == "LowPriority"
        training = Use("training", str(chosen.get("vmSize") or settings.training_instance), spot)
    return [training, Use("hosting", settings.hosting_instance)]


def cluster_of(site: Site) -> Facts | None:
    """Return the cluster that TRAINING_COMPUTE names; None where there is none, or jobs get serverless compute."""
    name = site.settings.training_compute
    if name == "serverless":
        return None
    try:
        return site.azure.read(f"{site.workspace_id}/computes/{name}", MACHINE_LEARNING)
    except NotFound:
        return None


def size_of(site: Site, instance: str) -> Size | None:
    """Return the instance type, or None where the region does not offer it."""
    for facts in site.sizes:
        if str(facts["name"]).lower() == instance.lower():
            spot = bool(facts.get("lowPriorityCapable"))
            return Size(facts["name"], facts["family"], facts["vCPUs"], facts.get("gpus") or 0, spot)
    return None


def usages_of(site: Site) -> list[Facts]:
    """Return what the region's quotas are and how much of them is used, as it is now."""
    return site.azure.listed(f"{site.locations_path}/usages", MACHINE_LEARNING)


def quota_of(usages: list[Facts], size: Size, *, spot: bool) -> Quota | None:
    """Return the tightest quota that counts for a size, or None where Azure tells none.

    Low-priority machines of all families share one quota of the region; dedicated ones have one of their family
    beside the region's total.
    """
    own = [_quota(facts) for facts in usages if _counts(facts, size, spot=spot)]
    total = [_quota(facts) for facts in usages if not spot and _shown(facts).startswith("totalclusterdedicated")]
    return min([*own, *total], key=lambda quota: quota.free) if own else None


def _counts(facts: Facts, size: Size, *, spot: bool) -> bool:
    kind = str(facts.get("type", "")).lower()
    if "/workspaces/" in str(facts.get("id", "")):
        return False  # a share of what the subscription has
    if spot:
        return kind.endswith(SPOT_TOTAL) and "vmfamily" not in kind
    family, name = _plain(size.family), _plain(str(facts["name"].get("value", "")))
    low = "lowpriority" in kind or "lowpriority" in _shown(facts)
    return not low and (name == family or _shown(facts).startswith(f"{family}cluster"))


def _quota(facts: Facts) -> Quota:
    return Quota(str(facts["name"]["value"]), int(facts["currentValue"]), int(facts["limit"]))


def _shown(facts: Facts) -> str:
    return _plain(str(facts["name"].get("localizedValue") or facts["name"].get("value") or ""))


def _plain(name: str) -> str:
    """Return a name without what Azure spells now this way, now that: blanks, underscores, capitals."""
    return re.sub(r"[^a-z0-9]", "", name.lower())
