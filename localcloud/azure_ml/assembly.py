"""Puts the routes of Azure ML's stand-in together."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from localcloud.azure_ml.asset_routes import Assets
from localcloud.azure_ml.command_jobs import CommandJobs
from localcloud.azure_ml.endpoints import PROVISIONING, Endpoints
from localcloud.azure_ml.fine_tuning import TRAINER, FineTuning
from localcloud.azure_ml.jobs import Jobs
from localcloud.azure_ml.mlflow import mlflow_routes
from localcloud.azure_ml.models import Models
from localcloud.azure_ml.observing import observing_routes
from localcloud.azure_ml.online_deployments import ServerOf
from localcloud.azure_ml.online_endpoints import OnlineEndpoints
from localcloud.azure_ml.online_serving import OnlineServer
from localcloud.azure_ml.operations import operation_routes
from localcloud.azure_ml.quota import quota_routes
from localcloud.azure_ml.registry import registry_routes
from localcloud.azure_ml.routing import in_workspace
from localcloud.azure_ml.shapes import datastore_json, workspace_json
from localcloud.azure_ml.training import BEAT, Kind, TrainingService
from localcloud.azure_ml.workspace import DATASTORES, DEFAULT_DATASTORE, Refused, workspace_of
from localcloud.frame import Cloud, Service

ARM_AUDIENCES = ("https://management.azure.com", "https://management.core.windows.net")
WORKSPACE_VERSIONS = ("2024-10-01-preview", "2024-10-01", "2023-08-01-preview")


def service(
    cloud: Cloud, trainer: Sequence[str] = TRAINER, pace: float = 1.0, server: ServerOf = OnlineServer
) -> Service:
    """Return the stand-in for Azure ML; `cloud.urls` must know its address, which is a token audience too.

    `pace` stretches or shrinks what only takes time so that readers can see it; `server` serves deployments.
    """
    workspace = workspace_of(cloud)
    kinds: dict[str, Kind] = {
        "FineTuning": FineTuning(cloud, workspace, trainer),
        "Command": CommandJobs(cloud, workspace),
    }
    training = TrainingService(cloud, workspace, kinds, BEAT * pace)
    cloud.control.preempt = training.preempt
    endpoints = Endpoints(cloud, workspace, PROVISIONING * pace)

    online = OnlineEndpoints(cloud, workspace, PROVISIONING * pace, server)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await endpoints.stop()
        await online.stop()
        await training.stop()

    routes = [
        *_workspace_routes(cloud),
        *Jobs(cloud, workspace, training).routes(),
        *Assets(cloud, workspace).routes(),
        *Models(workspace).routes(),
        *endpoints.routes(),
        *online.routes(),
        *operation_routes(workspace),
        *observing_routes(cloud, workspace),
        *mlflow_routes(workspace),
        *quota_routes(cloud.control),
        *registry_routes(cloud),
    ]
    # A client with its own cloud metadata asks for tokens of the ARM host itself.
    audiences = (*ARM_AUDIENCES, cloud.urls["arm"])
    return Service("arm", routes, audiences, anonymous=("/discovery",), lifespan=lifespan)


def _workspace_routes(cloud: Cloud) -> list[BaseRoute]:
    created = datetime.now(UTC)

    async def workspace(_request: Request) -> Response:
        return JSONResponse(workspace_json(cloud))

    async def datastores(request: Request) -> Response:
        only_default = request.query_params.get("isDefault", "").lower() == "true"
        names = [name for name in DATASTORES if not only_default or name == DEFAULT_DATASTORE]
        return JSONResponse({"value": [datastore_json(cloud, name, created) for name in names], "nextLink": None})

    async def datastore(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in DATASTORES:
            raise Refused(404, "ResourceNotFound", f"the workspace has no datastore {name!r}")
        return JSONResponse(datastore_json(cloud, name, created))

    return [
        in_workspace("", "GET", workspace, WORKSPACE_VERSIONS),
        in_workspace("/datastores", "GET", datastores, WORKSPACE_VERSIONS),
        in_workspace("/datastores/{name}", "GET", datastore, WORKSPACE_VERSIONS),
    ]
