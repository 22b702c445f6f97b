"""The run table: one partition per run holds the run, its history, its outbox and what was sent."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from azure.core import MatchConditions
from azure.core.credentials import TokenCredential
from azure.data.tables import TableClient, UpdateMode

from shared.calling import calling, client_options
from shared.core.lifecycle import Decision, is_final
from shared.core.run import Channel, Moment, Notification, Run
from shared.core.run_listing import ALL_RUNS, RunFilter
from shared.errors import Conflict, NotFound, ServiceRefused
from shared.gateways.run_rows import columns_of, job_columns, moment_columns, moment_of, run_of, text_of
from shared.ports import CLAIM_HOLDS, Job, StoredRun
from shared.settings import Settings

SERVICE = "run table"
UNCHANGED = MatchConditions.IfNotModified
RUN = "run"  # the RowKey of the run itself
Row = dict[str, Any]


class RunTable:
    """The table `runs`. Rows of a partition: `run`, `history-…`, `outbox-…`, `sent-…`."""

    def __init__(self, settings: Settings, credential: TokenCredential) -> None:
        self._table = TableClient(settings.table_url, "runs", credential=credential, **client_options(SERVICE))

    def add(self, run: Run) -> bool:
        """Record a new run; False (and nothing changed) when a run with this id is already there."""
        try:
            self._transaction([("create", _run_row(run)), ("upsert", _history_row(run))])
        except ServiceRefused as refusal:
            if refusal.status != 409:
                raise
            return False
        return True

    def get(self, run_id: str) -> StoredRun:
        """Return the run; raises NotFound."""
        row = self._row(run_id, RUN)
        return StoredRun(run_of(row), _version(row))

    def save(self, decision: Decision, version: str) -> None:
        """Save run, history entry and outbox in one transaction; raises Conflict when `version` is outdated."""
        guard = {"mode": UpdateMode.REPLACE, "etag": version, "match_condition": UNCHANGED}
        outbox = [("upsert", _outbox_row(notification)) for notification in decision.notifications]
        try:
            self._transaction(
                [("update", _run_row(decision.run), guard), ("upsert", _history_row(decision.run)), *outbox]
            )
        except NotFound:
            raise Conflict(f"{SERVICE}: {decision.run.id} is not there any more") from None

    def note_job(self, run_id: str, job: Job, version: str) -> None:
        """Record Azure ML's latest word on the job: status, metrics; raises Conflict if `version` is outdated."""
        row = _keys(run_id, RUN) | job_columns(job)
        with calling(SERVICE):
            self._table.update_entity(row, UpdateMode.MERGE, etag=version, match_condition=UNCHANGED)

    def latest(self, limit: int, wanted: RunFilter = ALL_RUNS, after: Run | None = None) -> list[Run]:
        """Return those of the wanted runs that were created last, newest first; `after`: only older ones.

        The table sorts by id, so every run's time is read, and then the runs of the page alone.
        """
        query, values = _query_of(wanted)
        rows = self._rows(query, values, ["PartitionKey", "created"])
        order = sorted(((row["created"], row["PartitionKey"]) for row in rows), reverse=True)
        older = [place for place in order if after is None or place < (text_of(after.created), after.id)]
        page = set(older[:limit])
        if not page:
            return []
        query += " and created ge @first and created le @last"
        rows = self._rows(query, values | {"first": min(page)[0], "last": max(page)[0]})
        runs = [run_of(row) for row in rows if (row["created"], row["PartitionKey"]) in page]
        return sorted(runs, key=lambda run: (run.created, run.id), reverse=True)

    def history(self, run_id: str) -> list[Moment]:
        """Return what happened to the run, oldest first."""
        return [moment_of(row) for row in self._partition(run_id, "history")]

    def open_ids(self) -> set[str]:
        """Return the ids of all runs with work to do or notifications to publish."""
        return self._ids("open eq true")  # true in the row of an open run and in every row of an outbox

    def known_ids(self) -> set[str]:
        """Return the ids of all runs ever recorded."""
        return self._ids(f"RowKey eq '{RUN}'")

    def outbox(self, run_id: str) -> list[Notification]:
        """Return the run's notifications that are not yet published, oldest first."""
        rows = self._partition(run_id, "outbox")
        found = [Notification(run_of(row), Channel(row["channel"])) for row in rows]
        return sorted(found, key=lambda notification: notification.run.since)

    def published(self, notification: Notification) -> None:
        """Take a notification out of the outbox; it may be gone already."""
        with calling(SERVICE):
            self._table.delete_entity(notification.run.id, _outbox_key(notification))

    def claim(self, notification: Notification, now: datetime) -> bool:
        """Claim the sending of a notification; False when it was sent. Raises Conflict while another holds it."""
        row = _sent_row(notification, "sending", text_of(now))
        try:
            with calling(SERVICE):
                self._table.create_entity(row)
        except ServiceRefused as refusal:
            if refusal.status != 409:
                raise
            return self._take_over(row, now)
        return True

    def _take_over(self, row: Row, now: datetime) -> bool:
        """Claim what another claimed long ago (it crashed); False when it was sent."""
        run_id, key = row["PartitionKey"], row["RowKey"]
        try:
            found = self._row(run_id, key)
        except NotFound:
            raise Conflict(f"{SERVICE}: {run_id} {key} was released just now") from None
        if found["status"] == "sent":
            return False
        if now - datetime.fromisoformat(found["at"]) < CLAIM_HOLDS:
            raise Conflict(f"{SERVICE}: {run_id} {key} is being sent by somebody else")
        with calling(SERVICE):
            self._table.update_entity(row, UpdateMode.REPLACE, etag=_version(found), match_condition=UNCHANGED)
        return True

    def sent(self, notification: Notification) -> None:
        """Record that the claimed notification was sent."""
        with calling(SERVICE):
            self._table.upsert_entity(_sent_row(notification, "sent"))

    def release(self, notification: Notification) -> None:
        """Give a claim back after a failed sending; what was sent stays sent."""
        row = _sent_row(notification, "sending")
        try:
            found = self._row(row["PartitionKey"], row["RowKey"])
            if found["status"] == "sending":
                with calling(SERVICE):
                    self._table.delete_entity(found, etag=_version(found), match_condition=UNCHANGED)
        except (NotFound, Conflict):
            return  # somebody else released it or took it over

    def _transaction(self, operations: list[tuple[Any, ...]]) -> None:
        with calling(SERVICE):
            self._table.submit_transaction(operations)

    def _row(self, run_id: str, key: str) -> Row:
        with calling(SERVICE):
            return self._table.get_entity(run_id, key)

    def _partition(self, run_id: str, kind: str) -> list[Row]:
        # "." follows "-" in ASCII: the rows whose key begins with the kind, in the order of their keys.
        return self._rows(f"PartitionKey eq @run and RowKey gt '{kind}-' and RowKey lt '{kind}.'", {"run": run_id})

    def _ids(self, query: str) -> set[str]:
        with calling(SERVICE):
            rows = self._table.query_entities(query, select=["PartitionKey"])
            return {row["PartitionKey"] for row in rows}

    def _rows(self, query: str, values: dict[str, Any], select: list[str] | None = None) -> list[Row]:
        with calling(SERVICE):
            return list(self._table.query_entities(query, parameters=values, select=select))


def _keys(run_id: str, key: str) -> Row:
    return {"PartitionKey": run_id, "RowKey": key}


def _query_of(wanted: RunFilter) -> tuple[str, dict[str, str]]:
    """Return a query for the wanted runs, and the values that it names."""
    parts = {"model": wanted.model, "dataset": wanted.dataset, "state": wanted.state.value if wanted.state else ""}
    values = {name: value for name, value in parts.items() if value}
    return " and ".join([f"RowKey eq '{RUN}'", *(f"{name} eq @{name}" for name in values)]), values


def _version(row: Mapping[str, Any]) -> str:
    return str(row.metadata["etag"])  # type: ignore[attr-defined]  # TableEntity is a dict with metadata


def _run_row(run: Run) -> Row:
    return _keys(run.id, RUN) | columns_of(run) | {"open": not is_final(run.state)}


def _history_row(run: Run) -> Row:
    return _keys(run.id, f"history-{text_of(run.since)}-{run.state}") | moment_columns(run)


def _outbox_key(notification: Notification) -> str:
    return f"outbox-{notification.key}"


def _outbox_row(notification: Notification) -> Row:
    """Return the run as it was when it entered the state: that is what people are told, however late."""
    keys = _keys(notification.run.id, _outbox_key(notification))
    return keys | columns_of(notification.run) | {"channel": notification.channel.value, "open": True}


def _sent_row(notification: Notification, status: str, at: str = "") -> Row:
    return _keys(notification.run.id, f"sent-{notification.key}") | {"status": status, "at": at}
