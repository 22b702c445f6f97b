"""The subscription: itself, its resource group, its resource providers, its quota."""

from starlette.requests import Request
from starlette.routing import Route

from localcloud.azure_ml.workspace import LOCATION, RESOURCE_GROUP, SUBSCRIPTION, Refused
from localcloud.identity import TENANT
from localcloud.management.routing import GROUP_ID, GROUP_PATH, SUBSCRIPTION_PATH, Shown, shown

REGISTERED = (
    "Microsoft.App",
    "Microsoft.CognitiveServices",
    "Microsoft.Communication",
    "Microsoft.ContainerRegistry",
    "Microsoft.EventGrid",
    "Microsoft.Insights",
    "Microsoft.KeyVault",
    "Microsoft.MachineLearningServices",
    "Microsoft.ManagedIdentity",
    "Microsoft.Network",
    "Microsoft.OperationalInsights",
    "Microsoft.Storage",
    "Microsoft.Web",
)
SUBSCRIPTION_VERSION, GROUP_VERSION, PROVIDER_VERSION, STORAGE_VERSION = (
    "2022-12-01",
    "2024-03-01",
    "2021-04-01",
    "2026-04-01",
)
MOST_ACCOUNTS = 250


def account_routes() -> list[Route]:
    """Return the routes."""
    usages = SUBSCRIPTION_PATH + "/providers/Microsoft.Storage/locations/{location}/usages"
    return [
        shown("/subscriptions", SUBSCRIPTION_VERSION, _subscriptions),
        shown(SUBSCRIPTION_PATH, SUBSCRIPTION_VERSION, _subscription),
        shown(GROUP_PATH, GROUP_VERSION, _group),
        shown(SUBSCRIPTION_PATH + "/providers/{namespace}", PROVIDER_VERSION, _provider),
        shown(usages, STORAGE_VERSION, _usages),
    ]


async def _subscriptions(request: Request) -> Shown:
    return {"value": [await _subscription(request)], "count": {"type": "Total", "value": 1}}


async def _subscription(_request: Request) -> Shown:
    return {
        "id": f"/subscriptions/{SUBSCRIPTION}",
        "subscriptionId": SUBSCRIPTION,
        "tenantId": TENANT,
        "displayName": "local cloud",
        "state": "Enabled",
    }


async def _group(_request: Request) -> Shown:
    return {
        "id": GROUP_ID,
        "name": RESOURCE_GROUP,
        "type": "Microsoft.Resources/resourceGroups",
        "location": LOCATION,
        "properties": {"provisioningState": "Succeeded"},
    }


async def _provider(request: Request) -> Shown:
    namespace = request.path_params["namespace"]
    if namespace not in REGISTERED:
        raise Refused(501, "NotInLocalCloud", f"resource provider {namespace!r} is not part of the local cloud")
    return {
        "id": f"/subscriptions/{SUBSCRIPTION}/providers/{namespace}",
        "namespace": namespace,
        "registrationPolicy": "RegistrationRequired",
        "registrationState": "Registered",
        "resourceTypes": [],
    }


async def _usages(_request: Request) -> Shown:
    name = {"value": "StorageAccounts", "localizedValue": "Storage Accounts"}
    return {"value": [{"unit": "Count", "currentValue": 1, "limit": MOST_ACCOUNTS, "name": name}]}
