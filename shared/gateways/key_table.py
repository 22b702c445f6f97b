"""The table of API keys: hashes and rights; the keys themselves are known to their bearers only."""

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from azure.core.credentials import TokenCredential
from azure.data.tables import TableClient, UpdateMode

from shared.calling import calling, client_options
from shared.errors import NotFound
from shared.gateways.run_rows import text_of
from shared.ports import ApiKey
from shared.settings import Settings

SERVICE = "key table"
PARTITION = "key"


class KeyTable:
    """The table `keys`: one row per key, by the SHA-256 of the key."""

    def __init__(self, settings: Settings, credential: TokenCredential) -> None:
        self._table = TableClient(settings.table_url, "keys", credential=credential, **client_options(SERVICE))

    def find(self, key_hash: str) -> ApiKey | None:
        """Return the key's rights, or None."""
        try:
            with calling(SERVICE):
                row = self._table.get_entity(PARTITION, key_hash)
        except NotFound:
            return None
        return _key_of(row)

    def add(self, key: ApiKey) -> None:
        """Record a key, replacing the rights of one with the same hash."""
        with calling(SERVICE):
            self._table.upsert_entity(_row_of(key), mode=UpdateMode.REPLACE)

    def all(self) -> list[ApiKey]:
        """Return every key, the oldest first."""
        with calling(SERVICE):
            rows = list(self._table.query_entities(f"PartitionKey eq '{PARTITION}'"))
        return sorted(map(_key_of, rows), key=lambda key: (key.created, key.hash))

    def revoke(self, key_id: str) -> bool:
        """Remove the key with this id; False when there is none."""
        found = [key for key in self.all() if key.id == key_id]
        for key in found:
            with calling(SERVICE):
                self._table.delete_entity(PARTITION, key.hash)
        return bool(found)

    def note_use(self, key_hash: str, at: datetime) -> None:
        """Record when the key was last used; does nothing to a key that was revoked meanwhile."""
        row = {"PartitionKey": PARTITION, "RowKey": key_hash, "last_used": text_of(at)}
        with suppress(NotFound), calling(SERVICE):
            self._table.update_entity(row, mode=UpdateMode.MERGE)


def _row_of(key: ApiKey) -> dict[str, Any]:
    """Return the key as a row; what is not set has no column."""
    limits = {"requests_per_minute": key.requests_per_minute, "tokens_per_minute": key.tokens_per_minute}
    return {
        "PartitionKey": PARTITION,
        "RowKey": key.hash,
        "owner": key.owner,
        "created": text_of(key.created),
        "expires": text_of(key.expires) if key.expires else "",
        "models": json.dumps(sorted(key.models)),
        "scopes": json.dumps(sorted(key.scopes)),
        "last_used": text_of(key.last_used) if key.last_used else "",
        **{name: limit for name, limit in limits.items() if limit is not None},
    }


def _key_of(row: Mapping[str, Any]) -> ApiKey:
    """Return the key that a row holds; rows of earlier versions have neither limits nor a last use."""
    return ApiKey(
        hash=row["RowKey"],
        owner=row["owner"],
        created=datetime.fromisoformat(row["created"]),
        expires=_moment(row["expires"]),
        models=frozenset(json.loads(row["models"])),
        scopes=frozenset(json.loads(row["scopes"])),
        requests_per_minute=row.get("requests_per_minute"),
        tokens_per_minute=row.get("tokens_per_minute"),
        last_used=_moment(row.get("last_used", "")),
    )


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
