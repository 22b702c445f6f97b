"""The Function App, Content Safety, Communication Services and the key vault as ARM shows them."""

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.routing import Route

from localcloud.app_settings import SENDER_DOMAIN
from localcloud.azure_ml.workspace import LOCATION
from localcloud.frame import Cloud
from localcloud.identity import PRINCIPAL
from localcloud.management.names import APP, COMMUNICATION_ID, EMAIL_ID, SAFETY_ID, VAULT_ID, WEBHOOK_ID
from localcloud.management.routing import GROUP_PATH, Shown, not_found, one_kind, resource, resource_id, shown

SITES, SITE_VERSION = "Microsoft.Web/sites", "2025-03-01"
ACCOUNTS, ACCOUNT_VERSION = "Microsoft.CognitiveServices/accounts", "2026-07-01"
COMMUNICATION, COMMUNICATION_VERSION = "Microsoft.Communication/communicationServices", "2026-03-18"
VAULTS, VAULT_VERSION = "Microsoft.KeyVault/vaults", "2026-02-01"
DOMAIN = "AzureManagedDomain"
DOMAINS = "Microsoft.Communication/emailServices/{service}/domains/{name}"


def service_routes(cloud: Cloud) -> list[Route]:
    """Return the routes."""
    return [
        *one_kind(SITES, SITE_VERSION, lambda: [_app(cloud)]),
        *one_kind(ACCOUNTS, ACCOUNT_VERSION, lambda: [_content_safety(cloud)]),
        *one_kind(COMMUNICATION, COMMUNICATION_VERSION, lambda: [_communication(cloud)]),
        shown(f"{GROUP_PATH}/providers/{DOMAINS}", COMMUNICATION_VERSION, _domain),
        *one_kind(VAULTS, VAULT_VERSION, lambda: [resource(VAULTS, _name(VAULT_ID), LOCATION, {})]),
        shown(f"{GROUP_PATH}/providers/{VAULTS}/{{vault}}/secrets/{{name}}", VAULT_VERSION, _secret),
    ]


def _name(identifier: str) -> str:
    return identifier.rpartition("/")[2]


def _host(url: str) -> str:
    return urlsplit(url).netloc


def _app(cloud: Cloud) -> Shown:
    identity = resource_id("Microsoft.ManagedIdentity/userAssignedIdentities", "id-tunedrop-local")
    given = {"principalId": PRINCIPAL, "clientId": PRINCIPAL}
    return resource(
        SITES,
        APP,
        LOCATION,
        {"state": "Running", "defaultHostName": _host(cloud.urls["functions"])},
        kind="functionapp,linux",
        identity={"type": "UserAssigned", "userAssignedIdentities": {identity: given}},
    )


def _content_safety(cloud: Cloud) -> Shown:
    name, url = SAFETY_ID.rpartition("/")[2], cloud.urls["content_safety"]
    properties: Shown = {
        "endpoint": f"{url}/",
        "endpoints": {"Content Safety": f"{url}/"},
        "customSubDomainName": name,
        "disableLocalAuth": True,
    }
    return resource(ACCOUNTS, name, LOCATION, properties, kind="AIServices", sku={"name": "S0"})


def _communication(cloud: Cloud) -> Shown:
    properties: Shown = {
        "hostName": _host(cloud.urls["inbox"]),
        "linkedDomains": [f"{EMAIL_ID}/domains/{DOMAIN}"],
        "disableLocalAuth": True,
    }
    return resource(COMMUNICATION, COMMUNICATION_ID.rpartition("/")[2], "global", properties)


async def _secret(request: Request) -> Shown:
    vault, name = request.path_params["vault"], request.path_params["name"]
    if f"{resource_id(VAULTS, vault)}/secrets/{name}" != WEBHOOK_ID:
        return not_found(f"{VAULTS}/secrets", f"{vault}/{name}")
    return {
        "id": WEBHOOK_ID,
        "name": name,
        "type": f"{VAULTS}/secrets",
        "properties": {"attributes": {"enabled": True}},
    }


async def _domain(request: Request) -> Shown:
    service, name = request.path_params["service"], request.path_params["name"]
    if (service, name) != (EMAIL_ID.rpartition("/")[2], DOMAIN):
        return not_found("Microsoft.Communication/emailServices/domains", f"{service}/{name}")
    verified = {"status": "Verified", "errorCode": ""}
    return {
        "id": f"{EMAIL_ID}/domains/{DOMAIN}",
        "name": DOMAIN,
        "type": "Microsoft.Communication/emailServices/domains",
        "location": "global",
        "properties": {
            "provisioningState": "Succeeded",
            "domainManagement": "AzureManaged",
            "fromSenderDomain": SENDER_DOMAIN,
            "mailFromSenderDomain": SENDER_DOMAIN,
            "verificationStates": dict.fromkeys(("Domain", "SPF", "DKIM", "DKIM2"), verified),
        },
    }
