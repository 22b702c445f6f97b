"""The table of API keys: hashes and rights; the keys themselves are known to their bearers only."""

import json
from datetime import datetime

from azure.core.credentials import TokenCredential
from azure.data.tables import TableClient

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
        return ApiKey(
            hash=row["RowKey"],
            owner=row["owner"],
            created=datetime.fromisoformat(row["created"]),
            expires=datetime.fromisoformat(row["expires"]) if row["expires"] else None,
            models=frozenset(json.loads(row["models"])),
            scopes=frozenset(json.loads(row["scopes"])),
        )

    def add(self, key: ApiKey) -> None:
        """Record a key, replacing the rights of one with the same hash."""
        row = {
            "PartitionKey": PARTITION,
            "RowKey": key.hash,
            "owner": key.owner,
            "created": text_of(key.created),
            "expires": text_of(key.expires) if key.expires else "",
            "models": json.dumps(sorted(key.models)),
            "scopes": json.dumps(sorted(key.scopes)),
        }
        with calling(SERVICE):
            self._table.upsert_entity(row)
