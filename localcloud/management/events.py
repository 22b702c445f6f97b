"""Event Grid's topics as ARM shows them, with the subscriptions that the broker really delivers by."""

from starlette.requests import Request
from starlette.routing import Route

from localcloud.azure_ml.workspace import LOCATION, WORKSPACE_ID
from localcloud.event_subscriptions import (
    CUSTOM_TOPIC,
    STORAGE_TOPIC,
    SUBSCRIPTIONS,
    WORKSPACE_TOPIC,
    Subscription,
)
from localcloud.frame import Cloud
from localcloud.management.names import ACCOUNT_ID, APP_ID, STORAGE_TOPIC_ID, TOPIC_ID, WORKSPACE_TOPIC_ID
from localcloud.management.routing import GROUP_PATH, Read, Shown, not_found, one_kind, resource, shown

VERSION = "2025-02-15"
TOPICS, SYSTEM_TOPICS = "Microsoft.EventGrid/topics", "Microsoft.EventGrid/systemTopics"
IDS = {CUSTOM_TOPIC: TOPIC_ID, STORAGE_TOPIC: STORAGE_TOPIC_ID, WORKSPACE_TOPIC: WORKSPACE_TOPIC_ID}


def event_routes(cloud: Cloud) -> list[Route]:
    """Return the routes."""
    system = [
        resource(SYSTEM_TOPICS, _name(name), LOCATION, {"source": source, "topicType": kind})
        for name, source, kind in (
            (STORAGE_TOPIC_ID, ACCOUNT_ID, "Microsoft.Storage.StorageAccounts"),
            (WORKSPACE_TOPIC_ID, WORKSPACE_ID, "Microsoft.MachineLearningServices.Workspaces"),
        )
    ]
    routes = one_kind(TOPICS, VERSION, lambda: [_topic(cloud)]) + one_kind(SYSTEM_TOPICS, VERSION, lambda: system)
    for kind in (TOPICS, SYSTEM_TOPICS):
        path = f"{GROUP_PATH}/providers/{kind}/{{topic}}/eventSubscriptions/{{name}}"
        routes.append(shown(path, VERSION, _subscription(kind)))
    return routes


def _topic(cloud: Cloud) -> Shown:
    endpoint = f"{cloud.urls['event_grid']}/api/events"
    properties: Shown = {"endpoint": endpoint, "inputSchema": "EventGridSchema", "disableLocalAuth": True}
    return resource(TOPICS, _name(TOPIC_ID), LOCATION, properties)


def _name(resource_id: str) -> str:
    return resource_id.rpartition("/")[2]


def _subscription(kind: str) -> Read:
    async def read(request: Request) -> Shown:
        topic, name = request.path_params["topic"], request.path_params["name"]
        for one in SUBSCRIPTIONS:
            if one.name == name and _name(IDS[one.topic]) == topic:
                return _shown(one)
        return not_found(f"{kind}/eventSubscriptions", f"{topic}/{name}")

    return read


def _shown(one: Subscription) -> Shown:
    filters = [{"operatorType": "StringIn", "key": "data.api", "values": list(one.apis)}] if one.apis else []
    destination = {
        "endpointType": "AzureFunction",
        "properties": {"resourceId": f"{APP_ID}/functions/{one.function}", "maxEventsPerBatch": 1},
    }
    return {
        "id": f"{IDS[one.topic]}/eventSubscriptions/{one.name}",
        "name": one.name,
        "type": "Microsoft.EventGrid/eventSubscriptions",
        "properties": {
            "provisioningState": "Succeeded",
            "eventDeliverySchema": "EventGridSchema",
            "destination": destination,
            "filter": {
                "includedEventTypes": list(one.event_types),
                "subjectBeginsWith": one.subject_begins,
                "subjectEndsWith": one.subject_ends,
                "advancedFilters": filters,
            },
        },
    }
