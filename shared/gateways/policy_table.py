"""The table of policies: how strictly the texts of each model are looked at, where that is not the default."""

import json
from collections.abc import Mapping
from typing import Any

from azure.core.credentials import TokenCredential
from azure.data.tables import TableClient, UpdateMode

from shared.calling import calling, client_options
from shared.core.policy import BadPolicy, Policy, facts_of, policy_of
from shared.errors import NotFound, ServiceUnavailable
from shared.settings import Settings

SERVICE = "policy table"
PARTITION = "policy"


class PolicyTable:
    """The table `policies`: one row per model, by its name."""

    def __init__(self, settings: Settings, credential: TokenCredential) -> None:
        self._table = TableClient(settings.table_url, "policies", credential=credential, **client_options(SERVICE))

    def find(self, model: str) -> Policy | None:
        """Return the model's own policy, or None; raises ServiceUnavailable for one that cannot be understood."""
        row = self._row(model)
        return None if row is None else _policy_of(row)

    def all(self) -> dict[str, Policy]:
        """Return every model's own policy, by name."""
        with calling(SERVICE):
            rows = list(self._table.query_entities(f"PartitionKey eq '{PARTITION}'"))
        return {row["RowKey"]: _policy_of(row) for row in rows}

    def put(self, model: str, policy: Policy) -> None:
        """Give the model a policy of its own, in place of any it has."""
        row = {"PartitionKey": PARTITION, "RowKey": model, "policy": json.dumps(facts_of(policy))}
        with calling(SERVICE):
            self._table.upsert_entity(row, mode=UpdateMode.REPLACE)

    def remove(self, model: str) -> bool:
        """Let the default hold again; False when it did already."""
        if self._row(model) is None:
            return False
        with calling(SERVICE):
            self._table.delete_entity(PARTITION, model)
        return True

    def _row(self, model: str) -> Mapping[str, Any] | None:
        try:
            with calling(SERVICE):
                return self._table.get_entity(PARTITION, model)
        except NotFound as missing:
            if missing.code == "TableNotFound":  # then nobody knows which policies there should be
                raise ServiceUnavailable(SERVICE, "the table is missing") from None
            return None


def _policy_of(row: Mapping[str, Any]) -> Policy:
    """Return the policy that a row holds; a field of a newer version of the app is not understood either."""
    try:
        return policy_of(json.loads(row["policy"]))
    except (KeyError, TypeError, ValueError) as error:
        reason = str(error) if isinstance(error, BadPolicy) else "no policy"
        raise ServiceUnavailable(SERVICE, f"{row['RowKey']}: {reason}") from None
