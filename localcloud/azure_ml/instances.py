"""The machines that the local cloud's region offers, and the families by which Azure counts their quota."""

from collections.abc import Mapping
from dataclasses import dataclass

LOW_PRIORITY = "TotalLowPriorityCores"  # Spot machines of all families share this one


@dataclass(frozen=True)
class Family:
    """A family of machines with one quota: its name in usages, and how many vCPUs of it may run unless told."""

    name: str
    shown: str
    limit: int


@dataclass(frozen=True)
class Instance:
    """One size of machine."""

    name: str
    family: Family
    cores: int  # vCPUs
    gpus: int
    memory: float  # GB


# The A100 family's name is how usages tell it; those of the others are their names in Microsoft.Compute.
_A100 = Family("standardNCADSA100v4Family", "Standard NCADSA100v4 Family Cluster Dedicated vCPUs", 96)
_A10 = Family("standardNVADSA10v5Family", "Standard NVADSA10v5 Family Cluster Dedicated vCPUs", 72)
_H100 = Family("standardNCadsH100v5Family", "Standard NCadsH100v5 Family Cluster Dedicated vCPUs", 80)
_GENERAL = Family("standardDSv2Family", "Standard DSv2 Family Cluster Dedicated vCPUs", 100)
FAMILIES: Mapping[str, Family] = {family.name: family for family in (_A100, _A10, _H100, _GENERAL)}
INSTANCES: Mapping[str, Instance] = {
    instance.name.lower(): instance
    for instance in (
        Instance("Standard_NC24ads_A100_v4", _A100, 24, 1, 220),
        Instance("Standard_NC48ads_A100_v4", _A100, 48, 2, 440),
        Instance("Standard_NC96ads_A100_v4", _A100, 96, 4, 880),
        Instance("Standard_NV36ads_A10_v5", _A10, 36, 1, 440),
        Instance("Standard_NV72ads_A10_v5", _A10, 72, 2, 880),
        Instance("Standard_NC40ads_H100_v5", _H100, 40, 1, 320),
        Instance("Standard_NC80adis_H100_v5", _H100, 80, 2, 640),
        Instance("Standard_DS3_v2", _GENERAL, 4, 0, 14),
        Instance("Standard_DS4_v2", _GENERAL, 8, 0, 28),
    )
}
DEFAULT_INSTANCE = "Standard_DS3_v2"  # what serverless compute takes where nothing is asked for


def find_instance(name: str) -> Instance | None:
    """Return the machine of this name in any spelling of its letters, or None."""
    return INSTANCES.get(name.lower())
