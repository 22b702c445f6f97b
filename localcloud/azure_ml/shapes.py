"""Azure ML's answers as JSON: resources in ARM's shape."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from localcloud.azure_ml.assets import CLUSTER, CLUSTER_SIZE
from localcloud.azure_ml.job_environment import tracking_uri
from localcloud.azure_ml.workspace import (
    DATASTORES,
    DEFAULT_DATASTORE,
    LOCATION,
    MACHINES,
    MACHINES_ID,
    STATES,
    WORKSPACE,
    WORKSPACE_GUID,
    WORKSPACE_ID,
    WORKSPACE_PRINCIPAL,
    Endpoint,
    Job,
    Model,
)
from localcloud.frame import Cloud
from localcloud.identity import TENANT

TYPE = "Microsoft.MachineLearningServices/workspaces"
STORAGE_ACCOUNT = "devstoreaccount1"
PREVIEW_ENDPOINTS = "2024-01-01-preview"  # knows neither contentSafety nor authMode


def resource(kind: str, path: str, name: str, properties: dict[str, Any], created: datetime) -> dict[str, Any]:
    """Return a resource of the workspace in ARM's shape."""
    stamp = created.isoformat()
    who = {"createdBy": "local cloud", "createdByType": "Application"}
    return {
        "id": f"{WORKSPACE_ID}/{path}",
        "name": name,
        "type": f"{TYPE}/{kind}",
        "properties": properties,
        "systemData": {"createdAt": stamp, **who, "lastModifiedAt": stamp},
    }


def workspace_json(cloud: Cloud) -> dict[str, Any]:
    """Return the workspace with the addresses of its data planes."""
    arm = cloud.urls["arm"]
    return {
        "id": WORKSPACE_ID,
        "name": WORKSPACE,
        "type": TYPE,
        "location": LOCATION,
        "kind": "Project",
        "sku": {"name": "Basic", "tier": "Basic"},
        "identity": {
            "type": "SystemAssigned,UserAssigned",
            "principalId": WORKSPACE_PRINCIPAL,
            "tenantId": TENANT,
            "userAssignedIdentities": {MACHINES_ID: MACHINES},
        },
        "properties": {
            "friendlyName": "TuneDrop's local workspace",
            "workspaceId": WORKSPACE_GUID,
            "hubResourceId": f"{WORKSPACE_ID}-hub",
            "discoveryUrl": f"{arm}/discovery",
            "mlFlowTrackingUri": tracking_uri(cloud),
            "provisioningState": "Succeeded",
            "publicNetworkAccess": "Disabled",
        },
    }


def job_json(job: Job, status: str) -> dict[str, Any]:
    """Return a job as the reader sees it now."""
    asked = dict(job.body["properties"])
    times = {"startTimeUtc": _utc(job.started), "endTimeUtc": _utc(job.ended)}
    studio = f"https://ml.azure.com/runs/{job.name}?wsid={WORKSPACE_ID}"
    properties = {
        "displayName": job.name,
        "experimentName": "Default",
        "isArchived": False,
        **asked,
        "status": status,
        "properties": {**(asked.get("properties") or {}), **{k: v for k, v in times.items() if v}},
        "services": {"Studio": {"jobServiceType": "Studio", "endpoint": studio, "status": None, "port": None}},
    }
    return resource("jobs", f"jobs/{job.name}", job.name, properties, job.created)


def _utc(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%d %H:%M:%S") if moment else None


def model_json(model: Model) -> dict[str, Any]:
    """Return one version of a model."""
    mlflow = {"hftransformersv2": {"data": {"task_type": "chat-completion"}}}
    properties = {
        "description": "",
        "tags": model.tags,
        "properties": model.properties,
        "isArchived": model.archived,
        "isAnonymous": False,
        "flavors": mlflow if model.kind == "mlflow_model" else {},
        "modelType": model.kind,
        "modelUri": f"azureml:/{WORKSPACE_ID}/datastores/{DEFAULT_DATASTORE}/paths/{model.job_name}/model",
        "jobName": model.job_name,
        "provisioningState": "Succeeded",
    }
    path = f"models/{model.name}/versions/{model.version}"
    return resource("models/versions", path, model.version, properties, model.created)


def model_container_json(versions: list[Model]) -> dict[str, Any]:
    """Return a model without its versions, which come newest first."""
    newest = versions[0]
    properties = {
        "tags": {},
        "properties": {},
        "isArchived": all(model.archived for model in versions),
        "latestVersion": newest.version,
        "nextVersion": str(int(newest.version) + 1),
    }
    return resource("models", f"models/{newest.name}", newest.name, properties, versions[-1].created)


def endpoint_json(cloud: Cloud, endpoint: Endpoint, provisioning: str, version: str) -> dict[str, Any]:
    """Return a serverless endpoint as the asked api-version shows it."""
    properties: dict[str, Any] = {
        "modelSettings": {"modelId": endpoint.model.asset_id},
        "inferenceEndpoint": {"uri": f"{cloud.urls['scoring']}/endpoints/{endpoint.name}", "headers": {}},
        "provisioningState": provisioning,
        "endpointState": STATES.get(provisioning, provisioning),
    }
    if version != PREVIEW_ENDPOINTS:
        properties["authMode"] = endpoint.auth_mode
        properties["contentSafety"] = {"contentSafetyStatus": endpoint.content_safety}
    path = f"serverlessEndpoints/{endpoint.name}"
    shape = resource("serverlessEndpoints", path, endpoint.name, properties, endpoint.created)
    return {**shape, "location": LOCATION, "sku": {"name": "Consumption"}, "tags": endpoint.tags}


def compute_json() -> dict[str, Any]:
    """Return the one cluster."""
    scale = {"minNodeCount": 0, "maxNodeCount": 1, "nodeIdleTimeBeforeScaleDown": "PT2M"}
    properties = {
        "computeType": "AmlCompute",
        "computeLocation": LOCATION,
        "provisioningState": "Succeeded",
        "properties": {
            "vmSize": CLUSTER_SIZE,
            "vmPriority": "Dedicated",
            "osType": "Linux",
            "scaleSettings": scale,
        },
    }
    path = f"computes/{CLUSTER}"
    run_as = {"type": "UserAssigned", "userAssignedIdentities": {MACHINES_ID: MACHINES}}
    shape = resource("computes", path, CLUSTER, properties, datetime.now(UTC))
    return {**shape, "location": LOCATION, "identity": run_as}


def datastore_json(cloud: Cloud, name: str, created: datetime) -> dict[str, Any]:
    """Return a datastore: a container of Azurite, read with the workspace's identity."""
    properties = {
        "datastoreType": "AzureBlob",
        "accountName": STORAGE_ACCOUNT,
        "containerName": DATASTORES[name],
        "endpoint": urlsplit(cloud.urls["blob"]).netloc,
        "protocol": "https",
        "credentials": {"credentialsType": "None"},
        "serviceDataAccessAuthIdentity": "WorkspaceSystemAssignedIdentity",
        "isDefault": name == DEFAULT_DATASTORE,
        "tags": {},
        "properties": {},
    }
    return resource("datastores", f"datastores/{name}", name, properties, created)
