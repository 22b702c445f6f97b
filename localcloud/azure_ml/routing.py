"""How Azure ML's routes are written: inside the workspace, for known api-versions, refusals in ARM's envelope."""

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from localcloud.azure_ml.workspace import PROVIDER, RESOURCE_GROUP, SUBSCRIPTION, WORKSPACE, Refused
from localcloud.frame import Handler, azure_error, versioned

WORKSPACE_PATH = "/subscriptions/{subscription}/resourceGroups/{group}/" + PROVIDER + "/workspaces/{workspace}"
Answer = Callable[[Request], Awaitable[Response]]


def in_workspace(path: str, method: str, handler: Answer, versions: Sequence[str]) -> Route:
    """Return a route under the workspace's ARM path."""
    return versioned(WORKSPACE_PATH + path, method, answering(handler), versions)


def answering(handler: Answer) -> Handler:
    """Return the handler with the workspace checked and refusals turned into ARM's errors."""

    async def answer(request: Request) -> Response:
        try:
            _check_workspace(request.path_params)
            return await handler(request)
        except Refused as refusal:
            return azure_error(refusal.status, refusal.code, refusal.message)

    return answer


def _check_workspace(path: dict[str, Any]) -> None:
    asked = (path.get("subscription"), path.get("group"), path.get("workspace"))
    if asked[0] not in (None, SUBSCRIPTION):
        raise Refused(404, "SubscriptionNotFound", f"The subscription '{asked[0]}' could not be found.")
    if asked[1] not in (None, RESOURCE_GROUP):
        raise Refused(404, "ResourceGroupNotFound", f"Resource group '{asked[1]}' could not be found.")
    if asked[2] not in (None, WORKSPACE):
        kind = "Microsoft.MachineLearningServices/workspaces"
        message = f"The Resource '{kind}/{asked[2]}' under resource group '{asked[1]}' was not found."
        raise Refused(404, "ResourceNotFound", message)


async def body_of(request: Request) -> dict[str, Any]:
    """Return the request's JSON object, or refuse with 400."""
    try:
        body = json.loads(await request.body())
    except ValueError as error:
        raise Refused(400, "InvalidRequestContent", f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise Refused(400, "InvalidRequestContent", "the body is not a JSON object")
    return body
