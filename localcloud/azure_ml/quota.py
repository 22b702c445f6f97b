"""How many vCPUs of each family may run, as Azure ML tells it; the control port can take quota away."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from localcloud.azure_ml.instances import FAMILIES, INSTANCES, LOW_PRIORITY, Instance
from localcloud.azure_ml.routing import answering
from localcloud.azure_ml.workspace import PROVIDER, SUBSCRIPTION, WORKSPACE_ID, Refused
from localcloud.control import Control
from localcloud.frame import versioned

VERSIONS = ("2024-10-01", "2023-08-01-preview", "2025-06-01", "2025-09-01")
LOCATION_PATH = "/subscriptions/{subscription}/" + PROVIDER + "/locations/{location}"
RP = "Microsoft.MachineLearningServices"
LOW_PRIORITY_LIMIT = 300  # vCPUs
NOT_LIMITED = -1  # a family's own Spot limit: the regional total counts


def limit_of(control: Control, name: str) -> int:
    """Return the limit of a family, or of all Spot machines together, in vCPUs."""
    usual = FAMILIES[name].limit if name in FAMILIES else LOW_PRIORITY_LIMIT
    return control.quota.get(name, usual)


def quota_refusal(control: Control, instance: Instance, *, count: int = 1, spot: bool = False) -> str | None:
    """Return why so many machines may not run, or None; nothing else that runs is counted (our reading)."""
    name = LOW_PRIORITY if spot else instance.family.name
    limit, wanted = limit_of(control, name), instance.cores * count
    if wanted <= limit:
        return None
    return (
        f"Not enough quota available for {instance.name}: {name} has a limit of {limit} vCPUs, "
        f"and {wanted} are needed. Ask for more quota or use another instance type"
    )


def quota_routes(control: Control) -> list[BaseRoute]:
    """Return the routes of usages, quotas and sizes of machines in a region."""

    async def usages(request: Request) -> Response:
        return JSONResponse({"value": _usages(control, request.path_params["location"]), "nextLink": None})

    async def quotas(request: Request) -> Response:
        return JSONResponse({"value": _quotas(control, request.path_params["location"]), "nextLink": None})

    async def sizes(_request: Request) -> Response:
        return JSONResponse({"value": [_size(instance) for instance in INSTANCES.values()]})

    async def changed(_request: Request) -> Response:
        raise Refused(501, "NotInLocalCloud", "quota is changed over the control port: POST /quota")

    read = {"/usages": usages, "/quotas": quotas, "/vmSizes": sizes}
    routes = [versioned(LOCATION_PATH + path, "GET", answering(answer), VERSIONS) for path, answer in read.items()]
    return [*routes, versioned(LOCATION_PATH + "/updateQuotas", "POST", answering(changed), VERSIONS)]


def _usages(control: Control, location: str) -> list[dict[str, Any]]:
    pool = limit_of(control, LOW_PRIORITY)
    rows = [_usage("lowPriorityCores", LOW_PRIORITY, "Total Cluster LowPriority Regional vCPUs", pool, location)]
    for family in FAMILIES.values():
        spot = family.shown.replace("Dedicated", "LowPriority")
        limit = limit_of(control, family.name)
        rows.append(_usage("vmFamily/dedicatedCores", family.name, family.shown, limit, location))
        rows.append(_usage("vmFamily/lowPriorityCores", family.name, spot, NOT_LIMITED, location))
    return rows


def _usage(kind: str, name: str, shown: str, limit: int, location: str) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{SUBSCRIPTION}/{PROVIDER}/locations/{location}/usages/{name}",
        "type": f"{RP}/{kind}/usages",
        "amlWorkspaceLocation": location,
        "unit": "Count",
        "currentValue": 0,
        "limit": limit,
        "name": {"value": name, "localizedValue": shown},
    }


def _quotas(control: Control, location: str) -> list[dict[str, Any]]:
    """Return each family's quota for the region, and the workspace's share, which is all of it."""
    subscription = f"/subscriptions/{SUBSCRIPTION}/{PROVIDER}/locations/{location}"
    return [
        {
            "id": f"{where}/quotas/{family.name}",
            "type": f"{RP}/{kind}/quotas",
            "amlWorkspaceLocation": location,
            "unit": "Count",
            "limit": limit_of(control, family.name),
            "name": {"value": family.name, "localizedValue": family.shown},
        }
        for family in FAMILIES.values()
        for where, kind in ((subscription, "vmFamily"), (WORKSPACE_ID, "workspaces"))
    ]


def _size(instance: Instance) -> Mapping[str, Any]:
    return {
        "name": instance.name,
        "family": instance.family.name,
        "vCPUs": instance.cores,
        "gpus": instance.gpus,
        "memoryGB": instance.memory,
        "lowPriorityCapable": True,
        "premiumIO": True,
        "supportedComputeTypes": ["AmlCompute", "ComputeInstance"],
    }
