"""Who may do what: what infra/roles.bicep and gpuroles.bicep assign, to the identities of the local cloud."""

import re
import uuid

from starlette.requests import Request
from starlette.routing import Route

from localcloud.azure_ml.workspace import (
    MACHINES,
    MACHINES_ID,
    SUBSCRIPTION,
    WORKSPACE_ID,
    WORKSPACE_PRINCIPAL,
    Refused,
)
from localcloud.identity import PRINCIPAL
from localcloud.management.names import ACCOUNT_ID, COMMUNICATION_ID, IMAGES_ID, SAFETY_ID, TOPIC_ID, WEBHOOK_ID
from localcloud.management.routing import GROUP_PATH, Shown, resource_id, shown

VERSION = "2022-04-01"
ASSIGNED_TO = re.compile(r"assignedTo\('([0-9a-fA-F-]{36})'\)")
DEFINITIONS = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"
REPORTS_ID = f"{ACCOUNT_ID}/blobServices/default/containers/reports"
# principal, role, scope; the app's identity is also the one that asks
ASSIGNED = (
    (PRINCIPAL, "b7e6dc6d-f1e8-4753-8033-0f276bb0955b", ACCOUNT_ID),  # Storage Blob Data Owner
    (PRINCIPAL, "974c5e8b-45b9-4653-ba55-5f855dd0fb88", ACCOUNT_ID),  # Storage Queue Data Contributor
    (PRINCIPAL, "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3", ACCOUNT_ID),  # Storage Table Data Contributor
    (PRINCIPAL, "3913510d-42f4-4e42-8a64-420c390055eb", resource_id("Microsoft.Insights/components", "local")),
    (PRINCIPAL, "f6c7c914-8db3-469d-8ca1-694a8f32e121", WORKSPACE_ID),  # AzureML Data Scientist
    (PRINCIPAL, "a97b65f3-24c7-4388-baec-2e87135dc908", SAFETY_ID),  # Cognitive Services User
    (PRINCIPAL, "d5a91429-5739-47e2-a06b-3470a27159e7", TOPIC_ID),  # EventGrid Data Sender
    (PRINCIPAL, "09976791-48a7-449e-bb21-39d1a415f350", COMMUNICATION_ID),  # Communication and Email Service Owner
    (PRINCIPAL, "4633458b-17de-408a-b874-0445c86b69e6", WEBHOOK_ID),  # Key Vault Secrets User
    (
        WORKSPACE_PRINCIPAL,
        "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",  # Storage Blob Data Reader
        REPORTS_ID,
    ),
    (PRINCIPAL, "f1a07417-d97a-45cb-824c-7a7467783830", MACHINES_ID),  # Managed Identity Operator
    (MACHINES["principalId"], "ba92f5b4-2d11-453d-a403-e96b0029c9fe", REPORTS_ID),  # Storage Blob Data Contributor
    (MACHINES["principalId"], "ba92f5b4-2d11-453d-a403-e96b0029c9fe", ACCOUNT_ID),  # here it is the hub's as well
    (MACHINES["principalId"], "7f951dda-4ed3-4680-a7ca-43fe172d538d", IMAGES_ID),  # AcrPull
)


def role_routes() -> list[Route]:
    """Return the route."""
    path = GROUP_PATH + "/providers/Microsoft.Authorization/roleAssignments"
    return [shown(path, VERSION, _assignments)]


async def _assignments(request: Request) -> Shown:
    chosen = request.query_params.get("$filter", "")
    asked = ASSIGNED_TO.fullmatch(chosen)
    if asked is None:
        raise Refused(501, "NotInLocalCloud", f"$filter {chosen!r}; known here: assignedTo('<object id>')")
    return {"value": [_assignment(*one) for one in ASSIGNED if one[0] == asked[1].lower()]}


def _assignment(principal: str, role: str, scope: str) -> Shown:
    name = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{scope} {principal} {role}"))
    properties = {
        "roleDefinitionId": f"{DEFINITIONS}/{role}",
        "principalId": principal,
        "principalType": "ServicePrincipal",
        "scope": scope,
    }
    return {
        "id": f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}",
        "name": name,
        "type": "Microsoft.Authorization/roleAssignments",
        "properties": properties,
    }
