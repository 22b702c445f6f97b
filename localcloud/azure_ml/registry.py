"""The registry `azureml` with Microsoft's models: where it is, and which versions of which model it has."""

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from localcloud.azure_ml.routing import answering
from localcloud.azure_ml.workspace import PROVIDER, Refused
from localcloud.frame import Cloud, versioned

REGISTRY = "azureml"
REGISTRY_SUBSCRIPTION = "99999999-0000-0000-0000-000000000000"  # Microsoft's own, not ours
REGISTRY_GROUP = "rg-registry"
DISCOVERY_VERSIONS = ("v1.0",)
VERSIONS = ("2021-10-01-dataplanepreview",)
# How many versions there are of each is made up, but no fewer than documents and samples name.
NEWEST = {
    "Phi-3-mini-4k-instruct": 15,
    "Phi-3-mini-128k-instruct": 13,
    "Phi-3.5-mini-instruct": 6,
    "Phi-4-mini-instruct": 1,
    "Phi-4": 1,
}
MODEL_URI = re.compile(r"azureml://registries/([^/]+)/models/([^/]+)/(?:versions/(\d+)|labels/latest)")
PATH = (
    "/mferp/managementfrontend/subscriptions/{registry_subscription}/resourceGroups/{registry_group}/"
    + PROVIDER
    + "/registries/{registry}/models/{name}"
)


def registry_model(uri: str) -> tuple[str, int] | None:
    """Return name and version of the model that a registry id names; None if there is no such model."""
    found = MODEL_URI.fullmatch(uri)
    if found is None or found[1] != REGISTRY or found[2] not in NEWEST:
        return None
    version = int(found[3] or NEWEST[found[2]])
    return (found[2], version) if 1 <= version <= NEWEST[found[2]] else None


def registry_routes(cloud: Cloud) -> list[BaseRoute]:
    """Return the routes: where the registry is, its models' versions."""

    async def discovery(request: Request) -> Response:
        _check_registry(request)
        return JSONResponse(_discovery(cloud))

    async def container(request: Request) -> Response:
        name = _known(request)
        properties = {"latestVersion": str(NEWEST[name]), "isArchived": False, "tags": {}, "properties": {}}
        return JSONResponse({"id": _id(name), "name": name, "properties": properties})

    async def versions(request: Request) -> Response:
        name = _known(request)
        newest_first = [_version(name, number) for number in range(NEWEST[name], 0, -1)]
        top = request.query_params.get("$top", "")
        return JSONResponse({"value": newest_first[: int(top)] if top.isdigit() else newest_first})

    async def one(request: Request) -> Response:
        name, version = _known(request), request.path_params["version"]
        if not version.isdigit() or not 1 <= int(version) <= NEWEST[name]:
            raise _missing(f"{name}:{version}")
        return JSONResponse(_version(name, int(version)))

    async def latest(request: Request) -> Response:
        name = _known(request)
        return JSONResponse(_version(name, NEWEST[name]))

    found = "/registrymanagement/v1.0/registries/{registry}/discovery"
    answers = {"": container, "/versions": versions, "/versions/{version}": one, "/labels/latest": latest}
    return [
        versioned(found, "GET", answering(discovery), DISCOVERY_VERSIONS),
        *(versioned(PATH + path, "GET", answering(answer), VERSIONS) for path, answer in answers.items()),
    ]


def _check_registry(request: Request) -> None:
    if request.path_params["registry"] != REGISTRY:
        raise Refused(404, "RegistryNotFound", f"there is no registry {request.path_params['registry']!r}")


def _known(request: Request) -> str:
    _check_registry(request)
    name = str(request.path_params["name"])
    if name not in NEWEST:
        raise _missing(name)
    return name


def _missing(model: str) -> Refused:
    return Refused(404, "ModelNotFound", f"registry {REGISTRY} has no model {model!r}")


def _discovery(cloud: Cloud) -> dict[str, Any]:
    return {
        "registryName": REGISTRY,
        "primaryRegion": "eastus",
        "regions": ["eastus", "eastus2"],
        "subscriptionId": REGISTRY_SUBSCRIPTION,
        "resourceGroup": REGISTRY_GROUP,
        "primaryRegionResourceProviderUri": cloud.urls["arm"] + "/",
    }


def _id(name: str) -> str:
    """Return the id by which a registry names its own models, which is no path of ARM."""
    return f"azureml://registries/{REGISTRY}/models/{name}"


def _version(name: str, number: int) -> dict[str, Any]:
    properties = {
        "description": "",
        "tags": {},
        "properties": {},
        "isArchived": False,
        "isAnonymous": False,
        "flavors": {"hftransformersv2": {"data": {"task_type": "chat-completion"}}},
        "modelType": "mlflow_model",
        "modelUri": f"{_id(name)}/versions/{number}",
        "provisioningState": "Succeeded",
    }
    return {"id": f"{_id(name)}/versions/{number}", "name": str(number), "properties": properties}
