"""The storage account as ARM shows it; what is in it is read from Azurite."""

import asyncio
from dataclasses import dataclass
from typing import Any

from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient
from starlette.requests import Request
from starlette.routing import Route

from localcloud.azure_ml.workspace import LOCATION
from localcloud.azurite import ACCOUNT
from localcloud.frame import Cloud
from localcloud.identity import LocalCredential
from localcloud.management.names import ACCOUNT_ID
from localcloud.management.routing import GROUP_PATH, Read, Shown, not_found, one_kind, resource, shown

KIND = "Microsoft.Storage/storageAccounts"
VERSION = "2026-04-01"
PLACES = {"blobServices": "containers", "queueServices": "queues", "tableServices": "tables"}


def storage_routes(cloud: Cloud) -> list[Route]:
    """Return the routes."""
    path = f"{GROUP_PATH}/providers/{KIND}/{ACCOUNT}"
    account = resource(KIND, ACCOUNT, LOCATION, {"allowSharedKeyAccess": False}, kind="StorageV2")
    azurite = Azurite(cloud)
    routes = one_kind(KIND, VERSION, lambda: [account])
    for service, places in PLACES.items():
        routes.append(shown(f"{path}/{service}/default", VERSION, _service(azurite, service)))
        routes.append(shown(f"{path}/{service}/default/{places}/{{name}}", VERSION, _place(azurite, service)))
    return routes


@dataclass(frozen=True)
class Azurite:
    """Asks the emulator, as the identity that the app has too."""

    cloud: Cloud

    def client(self, service: str) -> Any:
        """Return the client of one of the services."""
        urls, trust = self.cloud.urls, str(self.cloud.ca_file)
        if service == "tableServices":
            return TableServiceClient(urls["table"], credential=LocalCredential(), connection_verify=trust)
        kind, name = {"blobServices": (BlobServiceClient, "blob"), "queueServices": (QueueServiceClient, "queue")}[
            service
        ]
        return kind(urls[name], LocalCredential(), connection_verify=trust)

    def names(self, service: str) -> set[str]:
        """Return the names of the containers, queues or tables that there are."""
        with self.client(service) as client:
            lists = {
                "blobServices": "list_containers",
                "queueServices": "list_queues",
                "tableServices": "list_tables",
            }
            return {each.name for each in getattr(client, lists[service])()}

    def cors(self, service: str) -> list[Shown]:
        """Return a service's CORS rules as ARM writes them."""
        with self.client(service) as client:
            rules = client.get_service_properties()["cors"]
        return [
            {"allowedOrigins": _listed(rule.allowed_origins), "allowedMethods": _listed(rule.allowed_methods)}
            for rule in rules or ()
        ]


def _listed(told: str | list[str]) -> list[str]:
    """Return a list of what the storage SDKs tell as a list, or as one text with commas."""
    return told.split(",") if isinstance(told, str) else told


def _service(azurite: Azurite, service: str) -> Read:
    async def read(_request: Request) -> Shown:
        properties: Shown = {"cors": {"corsRules": await asyncio.to_thread(azurite.cors, service)}}
        return {"id": f"{ACCOUNT_ID}/{service}/default", "name": "default", "properties": properties}

    return read


def _place(azurite: Azurite, service: str) -> Read:
    places = PLACES[service]

    async def read(request: Request) -> Shown:
        name = request.path_params["name"]
        if name not in await asyncio.to_thread(azurite.names, service):
            return not_found(f"{KIND}/{service}/{places}", name)
        return {"id": f"{ACCOUNT_ID}/{service}/default/{places}/{name}", "name": name, "properties": {}}

    return read
