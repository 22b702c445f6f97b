"""How these routes are written: in the one resource group, for known api-versions, refusals in ARM's envelope."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from localcloud.azure_ml.routing import answering
from localcloud.azure_ml.workspace import RESOURCE_GROUP, SUBSCRIPTION, Refused
from localcloud.frame import versioned

SUBSCRIPTION_PATH = "/subscriptions/{subscription}"
GROUP_PATH = SUBSCRIPTION_PATH + "/resourceGroups/{group}"
GROUP_ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{RESOURCE_GROUP}"
CREATED = "2026-01-01T00:00:00Z"
Shown = dict[str, object]
Read = Callable[[Request], Awaitable[Shown]]


def resource_id(kind: str, name: str) -> str:
    """Return the id of a resource of the group, of a kind such as Microsoft.Web/sites."""
    return f"{GROUP_ID}/providers/{kind}/{name}"


def shown(path: str, version: str, read: Read) -> Route:
    """Return a route that shows one thing."""

    async def answer(request: Request) -> Response:
        return JSONResponse(await read(request))

    return versioned(path, "GET", answering(answer), [version])


def one_kind(kind: str, version: str, resources: Callable[[], list[Shown]]) -> list[Route]:
    """Return the routes that list the group's resources of a kind, and show one of them."""

    async def listed(_request: Request) -> Shown:
        return {"value": resources()}

    async def one(request: Request) -> Shown:
        name = request.path_params["name"]
        found = next((each for each in resources() if str(each["name"]).lower() == name.lower()), None)
        return found or not_found(kind, name)

    path = f"{GROUP_PATH}/providers/{kind}"
    return [shown(path, version, listed), shown(path + "/{name}", version, one)]


def resource(of_kind: str, name: str, location: str, properties: Shown, **more: object) -> Shown:
    """Return a resource in ARM's shape."""
    whole = {"provisioningState": "Succeeded", **properties}
    return {
        "id": resource_id(of_kind, name),
        "name": name,
        "type": of_kind,
        "location": location,
        "tags": {"azd-env-name": "local"},
        "properties": whole,
        **more,
    }


def not_found(kind: str, name: str) -> Shown:
    """Refuse as ARM does where there is no such resource."""
    message = f"The Resource '{kind}/{name}' under resource group '{RESOURCE_GROUP}' was not found."
    raise Refused(404, "ResourceNotFound", message)
