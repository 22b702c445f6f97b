"""Long-running operations: where a client asks how far one is, and why it failed."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from localcloud.azure_ml.routing import answering
from localcloud.azure_ml.workspace import LOCATION, PROVIDER, SUBSCRIPTION, Refused, Workspace
from localcloud.frame import Cloud

Why = tuple[str, str]  # code and message of an error


def _silent() -> Why | None:
    return None


@dataclass(frozen=True)
class Operation:
    """Something that takes time: InProgress, Succeeded or Failed, and then why."""

    name: str
    status: Callable[[], str]
    why: Callable[[], Why | None]


def begin(workspace: Workspace, status: Callable[[], str], why: Callable[[], Why | None] = _silent) -> str:
    """Remember a long-running operation and return its id; `status` says how far it is, `why` what failed."""
    operation = Operation(secrets.token_hex(16), status, why)
    workspace.operations[operation.name] = operation
    return operation.name


def operation_url(cloud: Cloud, operation: str) -> str:
    """Return where the status of an operation is read."""
    return f"{_base(cloud)}/mfeOperationsStatus/{operation}?api-version=2024-10-01"


def operation_headers(cloud: Cloud, operation: str) -> dict[str, str]:
    """Return the headers that tell a client where to ask how far a long-running operation is."""
    result = f"{_base(cloud)}/mfeOperationResults/{operation}?api-version=2024-10-01"
    return {"Azure-AsyncOperation": operation_url(cloud, operation), "Location": result}


def _base(cloud: Cloud) -> str:
    return f"{cloud.urls['arm']}/subscriptions/{SUBSCRIPTION}/{PROVIDER}/locations/{LOCATION}"


def operation_routes(workspace: Workspace) -> list[BaseRoute]:
    """Return the routes."""

    def asked(request: Request) -> Operation:
        found = workspace.operations.get(request.path_params["operation"])
        if not isinstance(found, Operation):
            raise Refused(404, "OperationNotFound", f"there is no operation {request.path_params['operation']!r}")
        return found

    async def status(request: Request) -> Response:
        operation = asked(request)
        now, state = datetime.now(UTC).isoformat(), operation.status()
        body: dict[str, object] = {
            "id": request.url.path,
            "name": operation.name,
            "status": state,
            "startTime": now,
        }
        if state == "Failed":
            code, message = operation.why() or ("DeploymentFailed", "the resource says why")
            body |= {"error": {"code": code, "message": message}}
        return JSONResponse(body, headers={"Retry-After": "1"} if state == "InProgress" else {})

    async def result(request: Request) -> Response:
        if asked(request).status() != "InProgress":
            return Response(status_code=200)
        return Response(status_code=202, headers={"Location": str(request.url), "Retry-After": "1"})

    operations = "/subscriptions/{subscription}/" + PROVIDER + "/locations/{location}"
    return [
        Route(operations + "/mfeOperationsStatus/{operation}", answering(status)),
        Route(operations + "/mfeOperationResults/{operation}", answering(result)),
    ]
