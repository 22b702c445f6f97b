"""The table of model names: what each name that clients put into "model" points at now."""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from datetime import datetime
from typing import Any

from azure.core import MatchConditions
from azure.core.credentials import TokenCredential
from azure.data.tables import TableClient, UpdateMode

from shared.calling import calling, client_options
from shared.errors import Conflict, NotFound, ServiceRefused
from shared.gateways.run_rows import text_of
from shared.ports import Deployment
from shared.settings import Settings

SERVICE = "model table"
PARTITION = "model"
COLUMNS = tuple(column.name for column in fields(Deployment))
ASKED = "asked"  # rows of their own: a write there disturbs nobody who changes what a name points at


class ModelTable:
    """The table `models`: one row per name, and one with the time when it was last asked."""

    def __init__(self, settings: Settings, credential: TokenCredential) -> None:
        self._table = TableClient(settings.table_url, "models", credential=credential, **client_options(SERVICE))

    def find(self, model: str) -> Deployment | None:
        """Return what the name points at, or None."""
        row = self._row(model)
        return _deployment_of(row) if row else None

    def all(self) -> list[Deployment]:
        """Return every served model, by name."""
        with calling(SERVICE):
            return [_deployment_of(row) for row in self._table.query_entities(f"PartitionKey eq '{PARTITION}'")]

    def point(self, deployment: Deployment) -> Deployment:
        """Let the name point at the deployment, unless it points at a newer drop; return what it points at now.

        Raises Conflict when another run points the name elsewhere at the same moment.
        """
        row = self._row(deployment.model)
        current = _deployment_of(row) if row else None
        chosen = deployment.taking_over(current)
        if chosen != current:
            self._put(chosen, row)
        return chosen

    def forget_previous(self, deployment: Deployment) -> None:
        """Record that nothing of what served before is left to point back at."""
        row = self._row(deployment.model)
        current = _deployment_of(row) if row else None
        if current and current.previous == deployment.previous:
            self._put(replace(current, previous=None), row)

    def point_back(self, deployment: Deployment) -> None:
        """Let the name point at what served before, or at nothing; does nothing if it points elsewhere by now.

        Raises Conflict when another run points the name elsewhere at the same moment.
        """
        row = self._row(deployment.model)
        if row is None or row["endpoint"] != deployment.endpoint:
            return
        previous = _deployment_of(row).previous
        if previous:
            self._put(previous, row)
            return
        etag = row.metadata["etag"]  # type: ignore[attr-defined]  # TableEntity has metadata
        with calling(SERVICE):
            self._table.delete_entity(row, etag=etag, match_condition=MatchConditions.IfNotModified)

    def note_asked(self, model: str, at: datetime) -> None:
        """Record when the model of this name was last asked."""
        with calling(SERVICE):
            self._table.upsert_entity({"PartitionKey": ASKED, "RowKey": model, "at": text_of(at)})

    def last_asked(self) -> dict[str, datetime]:
        """Return when each model was last asked, by name, as far as that was recorded; some serve no more."""
        with calling(SERVICE):
            rows = self._table.query_entities(f"PartitionKey eq '{ASKED}'")
            return {row["RowKey"]: datetime.fromisoformat(row["at"]) for row in rows}

    def _row(self, model: str) -> Mapping[str, Any] | None:
        try:
            with calling(SERVICE):
                return self._table.get_entity(PARTITION, model)
        except NotFound:
            return None

    def _put(self, deployment: Deployment, found: Mapping[str, Any] | None) -> None:
        row = _row_of(deployment)
        try:
            with calling(SERVICE):
                if found is None:
                    self._table.create_entity(row)
                    return
                etag = found.metadata["etag"]  # type: ignore[attr-defined]  # TableEntity has metadata
                guard = MatchConditions.IfNotModified
                self._table.update_entity(row, UpdateMode.REPLACE, etag=etag, match_condition=guard)
        except ServiceRefused as refusal:
            if refusal.status != 409:
                raise
            raise Conflict(f"{SERVICE}: {deployment.model} was created just now") from None


def _row_of(deployment: Deployment) -> dict[str, str]:
    return {"PartitionKey": PARTITION, "RowKey": deployment.model, **_columns_of(deployment)}


def _columns_of(deployment: Deployment) -> dict[str, str]:
    """Return the deployment as columns, without keys; what served before, and so on, as JSON in one of them."""
    times = {"created": text_of(deployment.created), "dataset_created": text_of(deployment.dataset_created)}
    previous = json.dumps(_columns_of(deployment.previous)) if deployment.previous else ""
    return asdict(deployment) | times | {"previous": previous}


def _deployment_of(row: Mapping[str, Any]) -> Deployment:
    """Return the deployment that a row holds; one of an earlier version has no `previous`, and other columns."""
    columns = {name: row[name] for name in COLUMNS if name in row}
    times = {name: datetime.fromisoformat(row[name]) for name in ("created", "dataset_created")}
    previous = _deployment_of(json.loads(row["previous"])) if row.get("previous") else None
    return Deployment(**(columns | times | {"previous": previous}))
