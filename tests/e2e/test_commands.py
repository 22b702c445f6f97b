"""People cancel, retry and delete runs over HTTP; a run that breaks TuneDrop is parked. Nothing is trained."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.data.tables import TableClient

from tests.cloud import eventually, running_cloud
from tests.e2e.client import PAUSE, Person

SAMPLE = Path("samples/support.jsonl").read_bytes()
PATIENCE = 400.0  # seconds: five tries of a run that breaks take a minute or two, its clean-up two more


@pytest.fixture(scope="module")
def person() -> Iterator[Person]:
    with running_cloud() as cloud:
        cloud.train_instantly()
        yield Person(cloud)


def asked(person: Person, method: str, path: str, key: str | None = None) -> tuple[int, Any]:
    chosen = person.cloud.api_key if key is None else key
    answer = person.call(method, person.cloud.functions_url + path, headers={"Authorization": f"Bearer {chosen}"})
    return answer.status, answer.json()


def in_state(person: Person, dataset: str, state: str) -> dict[str, Any]:
    def there() -> dict[str, Any] | None:
        return next((run for run in person.runs(dataset) if run["state"] == state), None)

    run = eventually(there, PATIENCE, PAUSE)
    assert run is not None
    return run


def messages(person: Person, words: str) -> list[str]:
    """Return the channels that brought a message with these words."""
    return sorted(message["channel"] for message in person.cloud.messages() if words in str(message))


def test_a_canceled_run_leaves_nothing_and_goes_on_when_it_is_tried_again(person: Person):
    person.cloud.train_instantly(3600)
    person.drop("wait.jsonl", SAMPLE)
    run = in_state(person, "wait.jsonl", "training")
    path = f"/runs/{run['id']}"
    for _ in range(2):
        status, told = asked(person, "POST", f"{path}/cancel")
        assert (status, told["state"]) == (200, "canceling")
    assert asked(person, "DELETE", path)[0] == 409
    in_state(person, "wait.jsonl", "canceled")
    jobs = person.cloud.history("arm")
    assert any(call["path"].endswith(f"/jobs/{run['job']['name']}/cancel") for call in jobs)
    assert eventually(lambda: messages(person, "canceled by local") == ["email", "teams"])

    person.cloud.train_instantly()
    status, told = asked(person, "POST", f"{path}/retry")
    assert (status, told["attempt"]) == (200, 2)
    served = in_state(person, "wait.jsonl", "serving")
    assert served["job"]["name"] == f"{run['job']['name']}-2"
    history = asked(person, "GET", path)[1]["history"]
    assert [entry["reasons"] for entry in history if entry["reasons"]] == [
        ["canceled by local"],
        ["canceled by local"],
        ["tried again by local"],
    ]


def test_a_deleted_model_is_gone(person: Person):
    person.drop("gone.jsonl", SAMPLE)
    run = in_state(person, "gone.jsonl", "serving")
    assert asked(person, "POST", f"/runs/{run['id']}/cancel")[0] == 409
    status, told = asked(person, "DELETE", f"/runs/{run['id']}")
    assert (status, told["state"]) == (200, "deleting")
    in_state(person, "gone.jsonl", "deleted")
    question = {"model": "gone", "messages": [{"role": "user", "content": "Hello?"}]}
    assert eventually(lambda: person.chat(**question).status == 404, 60, PAUSE)
    archived = [call for call in person.cloud.history("arm") if "/models/" in call["path"]]
    assert any(call["method"] == "PUT" and call["request"]["properties"]["isArchived"] for call in archived)


@pytest.mark.parametrize(("method", "path"), [("POST", "/cancel"), ("POST", "/retry"), ("DELETE", "")])
def test_a_command_needs_a_key_and_a_run(person: Person, method: str, path: str):
    assert asked(person, method, f"/runs/r{'0' * 20}{path}")[0] == 404
    assert asked(person, method, f"/runs/r{'0' * 20}{path}", key="td-wrong")[0] == 401


class LocalIdentity:
    """The identity of the local cloud, for a test that breaks a row on purpose."""

    def __init__(self, person: Person) -> None:
        self._person = person

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        headers = self._person._storage_headers()
        return AccessToken(headers["Authorization"].removeprefix("Bearer "), 2**33)


def test_a_run_that_breaks_tunedrop_is_parked_and_told(person: Person, monkeypatch: pytest.MonkeyPatch):
    person.cloud.train_instantly(3600)
    person.drop("broken.jsonl", SAMPLE)
    run = in_state(person, "broken.jsonl", "training")
    url = person.cloud.settings["AzureWebJobsStorage__tableServiceUri"]
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(person.cloud.ca_file))
    with TableClient(url, "runs", credential=LocalIdentity(person)) as table:
        without_zone = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")  # cannot be compared with the clock
        table.update_entity({"PartitionKey": run["id"], "RowKey": "run", "since": without_zone})
    failed = in_state(person, "broken.jsonl", "failed")
    assert failed["reasons"] == ["TuneDrop itself met TypeError while training, five times; see its log"]
    assert any(call["path"].endswith(f"/jobs/{run['job']['name']}/cancel") for call in person.cloud.history("arm"))
    assert eventually(lambda: messages(person, "TuneDrop itself met TypeError").count("email") == 2)


def test_an_event_of_a_job_is_a_hint_only(person: Person):
    kind = "Microsoft.MachineLearningServices.RunCompleted"
    event = {"id": "1", "subject": "experiments/e/runs/x", "eventType": kind}
    event |= {"eventTime": "2026-11-20T12:00:00Z", "dataVersion": ""}
    for job in ("tunedrop-r" + "0" * 20, "somebody-elses"):
        assert person.cloud.send_event("job-changed", event | {"data": {"runId": job}}) == [202]
