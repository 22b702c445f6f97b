"""A model that nobody asks: the request is noted, the morning looks, Teams and e-mail hear of it once."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from azure.data.tables import TableClient
from azure.identity import DefaultAzureCredential

from tests.cloud import RunningCloud, eventually, running_cloud
from tests.e2e.client import Person

MODEL = "idle"
DAYS = 4
ENOUGH = timedelta(minutes=2)  # for three mornings of one day


@pytest.fixture(scope="module")
def cloud() -> Iterator[RunningCloud]:
    """A local cloud of its own, whose morning comes when it is called, and whose training takes no time."""
    with running_cloud() as running:
        running.train_instantly()
        yield running


@pytest.fixture
def models(cloud: RunningCloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[TableClient]:
    """The table of models."""
    for name, value in cloud.settings.items():
        monkeypatch.setenv(name, value)
    url = cloud.settings["AzureWebJobsStorage__tableServiceUri"]
    with DefaultAzureCredential() as credential, TableClient(url, "models", credential=credential) as table:
        yield table


def morning(person: Person) -> None:
    """Run the daily timer, as an administrator may, and wait for its end."""
    before = said(person.cloud, r"Executed 'Functions\.report_idle' \(Succeeded")
    keys = json.loads((person.cloud.logs.parent / "state" / "host_keys.json").read_text())
    headers = {"x-functions-key": keys["master"], "Content-Type": "application/json"}
    url = f"{person.cloud.functions_url}/admin/functions/report_idle"
    assert person.call("POST", url, b"{}", headers).status == 202
    eventually(lambda: said(person.cloud, r"Executed 'Functions\.report_idle' \(Succeeded") > before)


def said(cloud: RunningCloud, pattern: str) -> int:
    """Return how often the Functions host logged it."""
    return len(re.findall(pattern, (cloud.logs / "functions.log").read_text("utf-8", "replace")))


def left_of_the_day() -> timedelta:
    """Return how long it is to midnight, UTC."""
    now = datetime.now(UTC)
    return datetime.combine(now.date() + timedelta(days=1), time(), UTC) - now


def news(cloud: RunningCloud) -> list[str]:
    """Return the channels that heard of the idle model."""
    sent = [(message["channel"], json.dumps(message)) for message in cloud.messages()]
    return sorted(channel for channel, text in sent if f"nobody has asked it for {DAYS} days" in text)


def test_nobody_asks_and_people_hear_of_it_once(cloud: RunningCloud, models: TableClient):
    person = Person(cloud)
    person.drop(f"{MODEL}.jsonl", Path("samples/support.jsonl").read_bytes())
    run = person.ended_run(f"{MODEL}.jsonl")
    assert run["state"] == "serving", run
    assert person.chat(model=MODEL, messages=[{"role": "user", "content": "Hello?"}]).status == 200
    asked = eventually(lambda: [*models.query_entities("PartitionKey eq 'asked'")])
    assert [row["RowKey"] for row in asked] == [MODEL]

    eventually(lambda: left_of_the_day() > ENOUGH, 2 * ENOUGH.seconds)  # tomorrow people are told again
    morning(person)
    assert said(cloud, f"run {run['id']}: nobody asked") == 0

    long_ago = (datetime.now(UTC) - timedelta(days=DAYS)).isoformat(timespec="microseconds")
    models.update_entity({"PartitionKey": "asked", "RowKey": MODEL, "at": long_ago})
    models.update_entity({"PartitionKey": "model", "RowKey": MODEL, "created": long_ago})
    morning(person)
    assert eventually(lambda: len(found := news(cloud)) == 2 and found, 30) == ["email", "teams"]
    morning(person)
    eventually(lambda: said(cloud, f"run {run['id']}: idle-[0-9-]+ by (teams|email) was sent before") == 2, 30)
    assert news(cloud) == ["email", "teams"]
