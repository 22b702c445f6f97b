"""What the preflight asks of Azure: resources, a look into each place of storage, a verdict, a card."""

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, Literal
from urllib.parse import quote

from azure.core.credentials import TokenCredential

from shared.calling import calling, client_options, storage_options
from shared.core.messages.trial import trial_card
from shared.errors import ServiceUnavailable
from shared.gateways.arm import Arm
from shared.settings import Settings

SERVICE = "azure"
READ_TIMEOUT = 8.0  # seconds: somebody waits
MOST_PAGES = 50


class AzureReads:
    """Reads with the caller's own identity; changes nothing."""

    def __init__(self, settings: Settings, credential: TokenCredential) -> None:
        self._settings, self._credential = settings, credential

    @cached_property
    def _arm(self) -> Arm:
        return Arm(self._settings, self._credential, SERVICE, READ_TIMEOUT)

    def claims(self) -> Mapping[str, str]:
        """Return what the caller's token says of the caller; raises ServiceUnavailable where there is no token."""
        with calling("identity"):
            token = self._credential.get_token(f"{self._settings.arm_url}/.default").token
        return claims_in(token)

    def time(self) -> datetime:
        """Return Azure's time."""
        return self._arm.time()

    def read(self, path: str, version: str) -> Mapping[str, Any]:
        """Return what the Resource Manager has at a path."""
        return self._arm.get(f"{path}?api-version={version}")

    def listed(self, path: str, version: str, chosen: str = "") -> list[Mapping[str, Any]]:
        """Return everything that the Resource Manager lists at a path, page by page."""
        url = f"{path}?api-version={version}" + (f"&$filter={quote(chosen)}" if chosen else "")
        found: list[Mapping[str, Any]] = []
        for _ in range(MOST_PAGES):
            page = self._arm.get(url)
            found += page.get("value", ())
            url = page.get("nextLink") or ""
            if not url:
                return found
        raise ServiceUnavailable(SERVICE, f"a list of more than {MOST_PAGES} pages")

    def open(self, kind: Literal["container", "queue", "table"], name: str) -> None:
        """Look into a container, a queue or a table."""
        look = {"container": self._container, "queue": self._queue, "table": self._table}[kind]
        with calling(f"{kind} {name}"):
            look(name)

    def _container(self, name: str) -> None:
        from azure.storage.blob import ContainerClient

        options = storage_options(SERVICE, READ_TIMEOUT)
        ContainerClient(self._settings.blob_url, name, self._credential, **options).get_container_properties()

    def _queue(self, name: str) -> None:
        from azure.storage.queue import QueueClient

        options = storage_options(SERVICE, READ_TIMEOUT)
        QueueClient(self._settings.queue_url, name, credential=self._credential, **options).get_queue_properties()

    def _table(self, name: str) -> None:
        from azure.data.tables import TableClient

        options = client_options(SERVICE, READ_TIMEOUT)
        table = TableClient(self._settings.table_url, name, credential=self._credential, **options)
        next(table.query_entities("PartitionKey eq ''", results_per_page=1), None)

    def verdict(self) -> int:
        """Let Content Safety judge a word; return in how many categories it did."""
        from shared.gateways.content_safety_check import ContentSafetyCheck

        return ContentSafetyCheck(self._settings, self._credential).ask()

    def post_test_card(self) -> None:
        """Post a card to Teams that says what it is."""
        from shared.gateways.teams import TeamsWebhook

        TeamsWebhook(self._settings).post(trial_card(self._settings.resource_group))


def claims_in(token: str) -> Mapping[str, str]:
    """Return what a token says, unchecked: whom it was given to is asked, not proven; empty where it is opaque."""
    body = token.split(".")[1] if token.count(".") == 2 else ""
    try:
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (binascii.Error, ValueError):
        return {}
    return (
        {name: value for name, value in claims.items() if isinstance(value, str)}
        if isinstance(claims, dict)
        else {}
    )
