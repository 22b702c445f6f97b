"""Online endpoints and deployments as JSON, in ARM's shape."""

from typing import Any

from localcloud.azure_ml.online import OnlineDeployment, OnlineEndpoint
from localcloud.azure_ml.shapes import resource
from localcloud.azure_ml.workspace import LOCATION
from localcloud.frame import Cloud

MADE_BY = "AzureAsyncOperationUri"  # where Azure ML keeps the address of the operation that made a resource


def scoring_uri(cloud: Cloud, endpoint: OnlineEndpoint) -> str:
    """Return where prompts go."""
    return f"{cloud.urls['scoring']}/online/{endpoint.name}/score"


def online_endpoint_json(cloud: Cloud, endpoint: OnlineEndpoint, provisioning: str) -> dict[str, Any]:
    """Return an endpoint as the reader sees it now."""
    asked = endpoint.body["properties"]
    properties = {
        "authMode": "Key",
        "description": asked.get("description"),
        "traffic": endpoint.traffic,
        "mirrorTraffic": {},
        "publicNetworkAccess": asked.get("publicNetworkAccess") or "Enabled",
        "properties": {**(asked.get("properties") or {}), MADE_BY: endpoint.operation},
        "provisioningState": provisioning,
    }
    if provisioning not in ("Creating", "Failed"):
        properties["scoringUri"] = scoring_uri(cloud, endpoint)
        properties["swaggerUri"] = f"{cloud.urls['scoring']}/online/{endpoint.name}/swagger.json"
    shape = resource(
        "onlineEndpoints", f"onlineEndpoints/{endpoint.name}", endpoint.name, properties, endpoint.created
    )
    named = {"location": LOCATION, "kind": "Managed", "tags": endpoint.body.get("tags") or {}}
    return {**shape, **named, "identity": endpoint.body.get("identity")}


def deployment_json(endpoint: OnlineEndpoint, deployment: OnlineDeployment, provisioning: str) -> dict[str, Any]:
    """Return a deployment as the reader sees it now."""
    asked = deployment.body["properties"]
    properties = {
        "appInsightsEnabled": False,
        "scaleSettings": {"scaleType": "Default"},
        **asked,
        "properties": {**(asked.get("properties") or {}), MADE_BY: deployment.operation},
        "provisioningState": provisioning,
    }
    path = f"onlineEndpoints/{endpoint.name}/deployments/{deployment.name}"
    shape = resource("onlineEndpoints/deployments", path, deployment.name, properties, deployment.created)
    named = {"location": LOCATION, "kind": "Managed", "tags": deployment.body.get("tags") or {}}
    return {**shape, **named, "sku": deployment.body.get("sku")}
