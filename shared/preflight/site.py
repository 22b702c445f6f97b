"""What the checks look at: a deployment, found in Azure by the app's own settings."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

from shared.core.base_models import Route, UnknownBaseModel, base_model
from shared.errors import NotFound
from shared.settings import Settings

Facts = Mapping[str, Any]  # a resource as Azure Resource Manager shows it
Kind = Literal["container", "queue", "table"]

# The API versions that infra/ deploys with; of Azure ML the one that the app itself speaks.
GROUP, SUBSCRIPTION, PROVIDER = "2024-03-01", "2022-12-01", "2021-04-01"
STORAGE, MACHINE_LEARNING, EVENT_GRID, ROLES = "2026-04-01", "2024-10-01", "2025-02-15", "2022-04-01"
COGNITIVE, COMMUNICATION, WEB, VAULTS = "2026-07-01", "2026-03-18", "2025-03-01", "2026-02-01"

IN_A_VAULT = re.compile(r"SecretUri=https://([\w-]+)\.[^/]+/secrets/([\w-]+)")
WEBHOOK = "teams-webhook-url"  # the secret of infra/vault.bicep


class Azure(Protocol):
    """What the checks ask of Azure; all raise NotFound, ServiceRefused or ServiceUnavailable."""

    def claims(self) -> Mapping[str, str]:
        """Return what the caller's token says of the caller; empty where it is not readable."""
        ...

    def time(self) -> datetime:
        """Return Azure's time."""
        ...

    def read(self, path: str, version: str) -> Facts:
        """Return what the Resource Manager has at a path, or Azure ML at an address of its own."""
        ...

    def listed(self, path: str, version: str, chosen: str = "") -> list[Facts]:
        """Return everything that is listed there; `chosen` is an OData filter."""
        ...

    def open(self, kind: Kind, name: str) -> None:
        """Look into a container, a queue or a table, as the app does."""
        ...

    def verdict(self) -> int:
        """Let Content Safety judge a word; return in how many categories it did."""
        ...

    def post_test_card(self) -> None:
        """Post a card to Teams that says what it is."""
        ...


@dataclass(frozen=True)
class Identity:
    """A user-assigned identity: the id of the resource, and the object id that roles are given to."""

    id: str
    principal: str


class Site:
    """One deployment. What several checks need is read once."""

    def __init__(
        self,
        azure: Azure,
        settings: Settings,
        now: Callable[[], datetime],
        *,
        faults: tuple[str, ...] = (),
        test_card: bool = False,
    ) -> None:
        self.azure, self.settings, self.now = azure, settings, now
        self.faults, self.test_card = faults, test_card
        self.subscription_id = f"/subscriptions/{settings.subscription}"
        self.group_id = f"{self.subscription_id}/resourceGroups/{settings.resource_group}"
        self.workspace_id = self.of_group(f"Microsoft.MachineLearningServices/workspaces/{settings.workspace}")
        self.account = account_in(settings.blob_url)
        self.account_id = self.of_group(f"Microsoft.Storage/storageAccounts/{self.account}")

    def of_group(self, resource: str) -> str:
        """Return the id of a resource of the group."""
        return f"{self.group_id}/providers/{resource}"

    @cached_property
    def claims(self) -> Mapping[str, str]:
        """What the caller's token says of the caller."""
        return self.azure.claims()

    @cached_property
    def workspace(self) -> Facts:
        """The Azure ML workspace."""
        return self.azure.read(self.workspace_id, MACHINE_LEARNING)

    @property
    def route(self) -> Route:
        """How the base model is trained and served; an unknown one counts as serverless."""
        try:
            return base_model(self.settings.base_model).route
        except UnknownBaseModel:
            return Route.SERVERLESS

    @property
    def region(self) -> str:
        """The workspace's region, as ids spell it."""
        return plain_region(self.workspace["location"])

    @property
    def locations_path(self) -> str:
        """Where Azure ML tells of the region: machines, quota."""
        return f"{self.subscription_id}/providers/Microsoft.MachineLearningServices/locations/{self.region}"

    @cached_property
    def sizes(self) -> list[Facts]:
        """The instance types that the region has."""
        return self.azure.listed(f"{self.locations_path}/vmSizes", MACHINE_LEARNING)

    @property
    def machines(self) -> Identity | None:
        """The identity of what runs on GPUs: the workspace's user-assigned one, of several the primary one."""
        given = (self.workspace.get("identity") or {}).get("userAssignedIdentities") or {}
        primary = _property(self.workspace, "primaryUserAssignedIdentity").lower()
        name = min(given, key=lambda one: (one.lower() != primary, one), default=None)
        return None if name is None else Identity(name, str((given[name] or {}).get("principalId") or ""))

    @cached_property
    def app(self) -> Facts | None:
        """The Function App: the one at APP_URL, or the one that azd has marked."""
        found = self.azure.listed(self.of_group("Microsoft.Web/sites"), WEB)
        host = host_in(self.settings.app_address)
        at_url = [app for app in found if host and _property(app, "defaultHostName").lower() == host]
        marked = [app for app in found if (app.get("tags") or {}).get("azd-service-name") == "app"]
        return next(iter(at_url or marked), None)

    @cached_property
    def topic(self) -> Facts | None:
        """The custom topic for news."""
        return self.at(self.settings.event_topic_url, "Microsoft.EventGrid/topics", EVENT_GRID)

    @property
    def content_safety(self) -> Facts | None:
        """The account that answers at CONTENT_SAFETY_URL."""
        return self.at(self.settings.content_safety_url, "Microsoft.CognitiveServices/accounts", COGNITIVE)

    @property
    def communication(self) -> Facts | None:
        """The Communication Services at EMAIL_URL."""
        return self.at(self.settings.email_url, "Microsoft.Communication/communicationServices", COMMUNICATION)

    @property
    def webhook_secret(self) -> Facts | None:
        """The secret that the app reads the webhook's URL from; its value is not looked at."""
        named = IN_A_VAULT.search(self.settings.teams_webhook_url)
        name = named[2] if named else WEBHOOK
        for vault in self.azure.listed(self.of_group("Microsoft.KeyVault/vaults"), VAULTS):
            if named is None or vault["name"].lower() == named[1].lower():
                try:
                    return self.azure.read(f"{vault['id']}/secrets/{name}", VAULTS)
                except NotFound:
                    continue
        return None

    def at(self, url: str, kind: str, version: str) -> Facts | None:
        """Return the group's resource of this kind that answers at a URL, or None."""
        host = host_in(url)
        found = self.azure.listed(self.of_group(kind), version) if host else []
        return next((each for each in found if host in _hosts(each)), None)

    @property
    def app_principals(self) -> list[str]:
        """Whom the app may run as, by object ids; one where it says as whom it reads its secrets."""
        app = self.app or {}
        identity = app.get("identity") or {}
        given = {
            name.lower(): str(one["principalId"])
            for name, one in (identity.get("userAssignedIdentities") or {}).items()
            if one.get("principalId")
        }
        named = given.get(_property(app, "keyVaultReferenceIdentity").lower())
        own = identity.get("principalId")
        return [named] if named else list(given.values()) or ([str(own)] if own else [])


def _hosts(resource: Facts) -> set[str]:
    """Return where a resource answers; kinds of resources name it differently."""
    properties = resource["properties"]
    urls = [properties.get("endpoint") or "", *(properties.get("endpoints") or {}).values()]
    return {_property(resource, "hostName").lower(), *map(host_in, urls)}


def _property(resource: Facts, name: str) -> str:
    return str((resource.get("properties") or {}).get(name) or "")


def host_in(url: str) -> str:
    """Return host and port of a URL as the Resource Manager names them; empty where there is none."""
    return urlsplit(url).netloc.lower().removesuffix(":443")


def account_in(blob_url: str) -> str:
    """Return the storage account's name; an emulator has it in the path, Azure in the host."""
    parts = urlsplit(blob_url)
    return parts.path.strip("/") or parts.netloc.split(".")[0]


def plain_region(name: str) -> str:
    """Return a region as Azure spells it in ids: eastus2 for East US 2."""
    return name.replace(" ", "").lower()
