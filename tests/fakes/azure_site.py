"""A healthy deployment in Azure, as the preflight reads it; tests take parts away."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from shared.core.base_models import base_model, base_models
from shared.errors import NotFound
from shared.preflight.account import GPU_PROVIDERS, PROVIDERS
from shared.preflight.news import SUBSCRIPTIONS, Wanted
from shared.preflight.roles import IDS, NEEDS
from shared.preflight.storage import PLACES
from tests.fakes.faulty import Faulty

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
APP, PROJECT, YOU, RUN_AS = ("00000000-0000-0000-0000-00000000000" + digit for digit in "1234")
GROUP = "/subscriptions/sub/resourceGroups/rg"
STORAGE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/sttd"
WORKSPACE = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/ws"
SITE = f"{GROUP}/providers/Microsoft.Web/sites/func"
TOPIC = f"{GROUP}/providers/Microsoft.EventGrid/topics/egt"
STORAGE_TOPIC = f"{GROUP}/providers/Microsoft.EventGrid/systemTopics/egst-storage"
WORKSPACE_TOPIC = f"{GROUP}/providers/Microsoft.EventGrid/systemTopics/egst-workspace"
SAFETY = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/safety"
COMMUNICATION = f"{GROUP}/providers/Microsoft.Communication/communicationServices/acs"
DOMAIN = f"{GROUP}/providers/Microsoft.Communication/emailServices/mail/domains/AzureManagedDomain"
MACHINES = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-gpu"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv"
HUB_VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-hub"
SECRET = f"{VAULT}/secrets/teams-webhook-url"
HUB_STORAGE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/sttdhub"
REGION = "/subscriptions/sub/providers/Microsoft.MachineLearningServices/locations/eastus2"
SIZES, VCPUS = f"{REGION}/vmSizes", f"{REGION}/usages"
CLUSTER = f"{WORKSPACE}/computes/gpu-cluster"
DISCOVERY = "https://eastus2.api.azureml.ms/registrymanagement/v1.0/registries/azureml/discovery"
REGISTRY = (
    "https://cert-eastus.experiments.azureml.net/mferp/managementfrontend/subscriptions/ms/resourceGroups/registries"
    "/providers/Microsoft.MachineLearningServices/registries/azureml/models"
)
PHI_3 = base_model("Phi-3-mini-4k-instruct")
WEIGHTS = f"{REGISTRY}/{PHI_3.name}/versions/{PHI_3.version}"
ALL_WEIGHTS = [f"{REGISTRY}/{one.name}/versions/{one.version}" for one in base_models().values() if one.version]
USAGES = "/subscriptions/sub/providers/Microsoft.Storage/locations/eastus2/usages"
ENVIRONMENT = {
    "AzureWebJobsStorage__blobServiceUri": "https://sttd.blob.core.windows.net/",
    "AzureWebJobsStorage__queueServiceUri": "https://sttd.queue.core.windows.net/",
    "AzureWebJobsStorage__tableServiceUri": "https://sttd.table.core.windows.net/",
    "AZURE_SUBSCRIPTION_ID": "sub",
    "AZURE_RESOURCE_GROUP": "rg",
    "AZURE_ML_WORKSPACE": "ws",
    "EVENT_TOPIC_URL": "https://egt.eastus2-1.eventgrid.azure.net/api/events",
    "CONTENT_SAFETY_URL": "https://safety.cognitiveservices.azure.com",
    "TEAMS_WEBHOOK_URL": "https://prod-1.example.com/workflows/1/triggers/manual?sig=secret",
    "EMAIL_URL": "https://acs.unitedstates.communication.azure.com",
    "EMAIL_SENDER": "DoNotReply@mail.example",
    "EMAIL_RECIPIENTS": "team@example.com",
    "APP_URL": "https://func.azurewebsites.net",
}
ON = {
    "storage": STORAGE,
    "insights": f"{GROUP}/providers/Microsoft.Insights/components/insights",
    "project": WORKSPACE,
    "contentSafety": SAFETY,
    "newsTopic": TOPIC,
    "communication": COMMUNICATION,
    "webhook": SECRET,
    "reports": f"{STORAGE}/blobServices/default/containers/reports",
    "datasets": f"{STORAGE}/blobServices/default/containers/datasets",
    "keys": f"{STORAGE}/tableServices/default/tables/keys",
    "policies": f"{STORAGE}/tableServices/default/tables/policies",
    "machines": MACHINES,
    "hubStorage": HUB_STORAGE,
    "images": f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/crtd",
}
PRINCIPALS = {"app": APP, "project": PROJECT, "machines": RUN_AS, "you": YOU}
Resources = dict[str, dict[str, Any]]


def healthy() -> Resources:
    """Return every resource by its id."""
    parts = (_account(), _training(), _gpus(), _events(), _services())
    found = {
        path: {"id": path, "name": path.rpartition("/")[2], **facts} for part in parts for path, facts in part
    }
    for service in ("blobServices", "queueServices", "tableServices"):
        found[f"{STORAGE}/{service}/default"] = {"properties": {"cors": {"corsRules": []}}}
    return found


def _account() -> list[tuple[str, dict[str, Any]]]:
    registered = {"registrationState": "Registered"}
    return [
        ("/subscriptions/sub", {"displayName": "Sub", "state": "Enabled"}),
        (GROUP, {"location": "eastus2"}),
        (STORAGE, {"properties": {"networkAcls": {"defaultAction": "Allow"}}}),
        *((f"/subscriptions/sub/providers/{name}", dict(registered)) for name in (*PROVIDERS, *GPU_PROVIDERS)),
        (f"{USAGES}/1", {"name": {"value": "StorageAccounts"}, "currentValue": 3, "limit": 250}),
    ]


def _training() -> list[tuple[str, dict[str, Any]]]:
    identity = {"principalId": PROJECT, "userAssignedIdentities": {MACHINES: {"principalId": RUN_AS}}}
    workspace = {"location": "East US 2", "kind": "Project", "identity": identity}
    properties = {
        "provisioningState": "Succeeded",
        "discoveryUrl": "https://eastus2.api.azureml.ms/discovery",
    }
    return [
        (WORKSPACE, workspace | {"properties": properties}),
        (f"{WORKSPACE}/datastores/workspaceblobstore", {"properties": {"accountName": "sttdhub"}}),
        (f"{WORKSPACE}/datastores/tunedrop", {"properties": {"accountName": "sttd", "containerName": "reports"}}),
    ]


def _gpus() -> list[tuple[str, dict[str, Any]]]:
    found = {
        "primaryRegionResourceProviderUri": "https://cert-eastus.experiments.azureml.net/",
        "subscriptionId": "ms",
        "resourceGroup": "registries",
    }
    cluster = {
        "computeType": "AmlCompute",
        "provisioningState": "Succeeded",
        "properties": {
            "vmSize": "Standard_NC24ads_A100_v4",
            "vmPriority": "Dedicated",
            "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 2},
        },
    }
    return [
        _size("Standard_NC24ads_A100_v4", "standardNCADSA100v4Family", 24, 1),
        _size("Standard_NC48ads_A100_v4", "standardNCADSA100v4Family", 48, 2),
        _size("Standard_NC4as_T4_v3", "standard NCASv3_T4 Family", 4, 1),
        _size("Standard_NC40ads_H100_v5", "standardNCadsH100v5Family", 40, 1, spot=False),
        _size("Standard_DS3_v2", "standardDSv2Family", 4, 0),
        *vcpus("standardNCADSA100v4Family", 96),
        *vcpus("Standard NCASv3_T4 Family Cluster Dedicated vCPUs", 8),
        *vcpus("standardNCadsH100v5Family", 0),
        *vcpus("standardDSv2Family", -1),
        *vcpus("TotalLowPriorityCores", 100, "lowPriorityCores"),
        *vcpus("Total Cluster Dedicated Regional vCPUs", 100, "dedicatedCores"),
        (DISCOVERY, found),
        *((path, {}) for path in ALL_WEIGHTS),
        (CLUSTER, {"properties": cluster, "identity": {"userAssignedIdentities": {MACHINES.upper(): {}}}}),
    ]


def _size(name: str, family: str, cores: int, gpus: int, *, spot: bool = True) -> tuple[str, dict[str, Any]]:
    facts = {"name": name, "family": family, "vCPUs": cores, "gpus": gpus, "lowPriorityCapable": spot}
    return f"{SIZES}/{name}", facts


def vcpus(name: str, limit: int, kind: str = "vmFamily", used: int = 0) -> list[tuple[str, dict[str, Any]]]:
    """Return a quota as Azure ML tells it; of a family, with the workspace's share and the one at low priority."""
    shown = name if " " in name else f"{name.removesuffix('Family')} Family Cluster Dedicated vCPUs"
    names = {"value": name, "localizedValue": shown}
    facts: dict[str, Any] = {"currentValue": used, "limit": limit, "name": names}
    own = (f"{VCPUS}/{name}", facts | {"type": f"Microsoft.MachineLearningServices/{kind}/usages"})
    if kind != "vmFamily":
        return [own]
    low = names | {"localizedValue": shown.replace("Dedicated", "LowPriority")}
    share = facts | {"limit": 0, "type": "Microsoft.MachineLearningServices/workspaces/usages"}
    return [
        own,
        (f"{VCPUS}/low {name}", facts | {"limit": -1, "name": low, "type": own[1]["type"]}),
        (f"{VCPUS}/share {name}", share | {"id": f"{WORKSPACE}/usages/{name}"}),
    ]


def _events() -> list[tuple[str, dict[str, Any]]]:
    topics = {"storage": STORAGE_TOPIC, "workspace": WORKSPACE_TOPIC, "news": TOPIC}
    subscriptions = [
        (
            f"{topics[one.topic]}/eventSubscriptions/{one.name}",
            {
                "properties": {
                    "provisioningState": "Succeeded",
                    "destination": {"properties": {"resourceId": f"{SITE}/functions/{one.function}"}},
                    "filter": filter_of(one),
                }
            },
        )
        for one in SUBSCRIPTIONS
    ]
    endpoint = ENVIRONMENT["EVENT_TOPIC_URL"]
    return [
        (TOPIC, {"properties": {"endpoint": endpoint, "provisioningState": "Succeeded"}}),
        (STORAGE_TOPIC, {"properties": {"source": STORAGE}}),
        (WORKSPACE_TOPIC, {"properties": {"source": WORKSPACE.replace("ws", "WS")}}),  # Azure changes the case
        *subscriptions,
    ]


def filter_of(one: Wanted) -> dict[str, Any]:
    """Return a subscription's filter as Event Grid shows it."""
    advanced = {"operatorType": "StringIn", "key": "data.api", "values": list(one.apis)}
    return {
        "includedEventTypes": list(one.event_types),
        "subjectBeginsWith": one.subject_begins,
        "subjectEndsWith": one.subject_ends,
        "advancedFilters": [advanced] if one.apis else None,
    }


def _services() -> list[tuple[str, dict[str, Any]]]:
    safety = {"endpoint": ENVIRONMENT["CONTENT_SAFETY_URL"] + "/", "customSubDomainName": "safety"}
    verified = {one: {"status": "Verified"} for one in ("Domain", "SPF", "DKIM", "DKIM2")}
    app = {"state": "Running", "defaultHostName": "func.azurewebsites.net"}
    identity = {"userAssignedIdentities": {"id": {"principalId": APP}}}
    return [
        (SITE, {"properties": app, "identity": identity}),
        (SAFETY, {"kind": "AIServices", "properties": safety}),
        *((path, {"properties": {}}) for path in (HUB_VAULT, f"{HUB_VAULT}/secrets/url", VAULT, SECRET)),
        (
            COMMUNICATION,
            {"properties": {"hostName": "acs.unitedstates.communication.azure.com", "linkedDomains": [DOMAIN]}},
        ),
        (DOMAIN, {"properties": {"mailFromSenderDomain": "mail.example", "verificationStates": verified}}),
    ]


def assigned() -> list[tuple[str, str, str]]:
    """Return who has which role on what, as infra/roles.bicep gives it."""
    return [(PRINCIPALS[need.who], need.role, ON[need.on]) for need in NEEDS]


@dataclass
class FakeAzure(Faulty):
    """Azure in memory; `failing` holds what a path, or a method's name, raises."""

    resources: Resources = field(default_factory=healthy)
    roles: list[tuple[str, str, str]] = field(default_factory=assigned)
    places: set[tuple[str, str]] = field(default_factory=lambda: set(PLACES))
    failing: dict[str, Exception] = field(default_factory=dict)
    caller: Mapping[str, str] = field(default_factory=lambda: {"oid": YOU, "upn": "ann@example.com"})
    clock: datetime = NOW
    cards: int = 0

    def __post_init__(self) -> None:
        super().__init__()

    def claims(self) -> Mapping[str, str]:
        self._fail("claims")
        return self.caller

    def time(self) -> datetime:
        self._fail("time")
        return self.clock

    def read(self, path: str, version: str) -> Mapping[str, Any]:
        with self._call("read"):
            self._fail(path)
            if path not in self.resources:
                raise NotFound("azure", "404 ResourceNotFound")
            return self.resources[path]

    def listed(self, path: str, version: str, chosen: str = "") -> list[Mapping[str, Any]]:
        with self._call("listed"):
            self._fail(path)
            if chosen:
                who = re.fullmatch(r"assignedTo\('(.+)'\)", chosen)
                assert who
                return [_assignment(role, scope) for principal, role, scope in self.roles if principal == who[1]]
            return [facts for each, facts in self.resources.items() if each.rpartition("/")[0] == path]

    def open(self, kind: str, name: str) -> None:
        self._fail(f"{kind} {name}")
        if (kind, name) not in self.places:
            raise NotFound("azure", "404")

    def verdict(self) -> int:
        self._fail("verdict")
        return 4

    def post_test_card(self) -> None:
        self._fail("post_test_card")
        self.cards += 1

    def _fail(self, what: str) -> None:
        if what in self.failing:
            raise self.failing[what]


def _assignment(role: str, scope: str) -> Mapping[str, Any]:
    definition = f"/subscriptions/sub/providers/Microsoft.Authorization/roleDefinitions/{IDS[role]}"
    return {"properties": {"roleDefinitionId": definition, "scope": scope}}
