"""The real SDKs against the running local cloud: identity, storage and its events, the custom topic, the inbox."""

import base64
import json
import ssl
import urllib.error
import urllib.request
import uuid
from typing import Any

import pytest
from azure.communication.email import EmailClient
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.data.tables import TableServiceClient
from azure.eventgrid import EventGridEvent, EventGridPublisherClient
from azure.identity import DefaultAzureCredential, ManagedIdentityCredential
from azure.storage.blob import BlobBlock, BlobClient, ContainerClient
from azure.storage.queue import QueueServiceClient

from localcloud.control import Control, Weather
from localcloud.event_grid import DeadLetterContainer
from localcloud.frame import Cloud
from tests.cloud import RunningCloud, eventually, get_json

CARD = {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "TextBlock", "text": "<b>Serving</b>"}]}
ATTACHMENT = {"contentType": "application/vnd.microsoft.card.adaptive", "content": CARD}
EMAIL = {
    "senderAddress": "donotreply@tunedrop.example",
    "recipients": {"to": [{"address": "team@tunedrop.example"}]},
    "content": {"subject": "Serving", "plainText": "support serves"},
}


def claims(token: str) -> dict[str, Any]:
    middle = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    return found


def test_the_apps_identity_gets_a_token_for_each_audience(cloud: RunningCloud) -> None:
    with DefaultAzureCredential() as credential:
        token = credential.get_token("https://management.azure.com/.default")
        assert claims(token.token)["aud"] == "https://management.azure.com"
        assert claims(token.token)["exp"] == token.expires_on
    assert [call["path"] for call in cloud.history("identity")] == ["/msi/token"]


def test_without_the_secret_header_there_is_no_token(cloud: RunningCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_HEADER", "guessed")
    with ManagedIdentityCredential() as credential, pytest.raises(ClientAuthenticationError):
        credential.get_token("https://management.azure.com/.default")


def test_the_storage_has_what_the_app_expects(cloud: RunningCloud) -> None:
    blob, queue, table = (
        cloud.settings[f"AzureWebJobsStorage__{kind}ServiceUri"] for kind in ("blob", "queue", "table")
    )
    with (
        DefaultAzureCredential() as credential,
        QueueServiceClient(queue, credential) as queues,
        TableServiceClient(table, credential=credential) as tables,
    ):
        for container in ("datasets", "reports", "deadletters"):
            with ContainerClient(blob, container, credential) as found:
                assert found.exists()
        assert {found.name for found in queues.list_queues()} >= {"runs", "runs-poison"}
        assert {found.name for found in tables.list_tables()} >= {"runs", "models", "keys"}


def stored(cloud: RunningCloud, name: str) -> BlobClient:
    url = cloud.settings["AzureWebJobsStorage__blobServiceUri"]
    return BlobClient(url, "datasets", name, credential=DefaultAzureCredential())


def put_blob(blob: BlobClient) -> None:
    blob.upload_blob(b"x", overwrite=True)


def put_block_list(blob: BlobClient) -> None:
    blob.stage_block("MDE=", b"x")
    blob.commit_block_list([BlobBlock("MDE=")])


def copy_blob(blob: BlobClient) -> None:
    with BlobClient.from_blob_url(blob.url.replace("copied", "original"), credential=blob.credential) as original:
        put_blob(original)
        blob.start_copy_from_url(original.url)


@pytest.mark.parametrize(
    ("name", "write", "api"),
    [
        ("team a/prüfung.jsonl", put_blob, "PutBlob"),
        ("blocks.jsonl", put_block_list, "PutBlockList"),
        ("copied.jsonl", copy_blob, "CopyBlob"),
    ],
)
def test_a_write_raises_an_event(cloud: RunningCloud, name: str, write: Any, api: str) -> None:
    with stored(cloud, name) as blob:
        write(blob)
        properties = blob.get_blob_properties()
        subject = f"/blobServices/default/containers/datasets/blobs/{name}"
        [event] = eventually(lambda: [e for e in events(cloud) if e["subject"] == subject])
        data = event["data"]
        assert (data["api"], data["contentLength"], data["eTag"]) == (api, 1, properties.etag.strip('"'))
        assert data["url"] == blob.url


def events(cloud: RunningCloud) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = get_json(f"{cloud.functions_url}/seen")["events"]
    return found


def test_a_blob_that_is_overwritten_raises_another_event_with_a_later_sequencer(cloud: RunningCloud) -> None:
    subject = "/blobServices/default/containers/datasets/blobs/twice.jsonl"

    def raised() -> list[dict[str, Any]]:
        return [event["data"] for event in events(cloud) if event["subject"] == subject]

    with stored(cloud, "twice.jsonl") as blob:
        for count in (1, 2):
            put_blob(blob)
            eventually(lambda count=count: len(raised()) == count)
    first, second = raised()
    assert first["eTag"] != second["eTag"]
    assert first["sequencer"] < second["sequencer"]


def test_what_is_published_reaches_the_subscribers(cloud: RunningCloud) -> None:
    kind = "TuneDrop.TeamsNotification"
    event = EventGridEvent(subject="runs/r1", event_type=kind, data={"a": 1}, data_version="1", id="published")
    url = cloud.settings["EVENT_TOPIC_URL"]
    with DefaultAzureCredential() as credential, EventGridPublisherClient(url, credential) as topic:
        topic.send([event])
    eventually(lambda: "published" in get_json(f"{cloud.functions_url}/seen")["teams"])


async def test_a_dead_letter_is_kept_as_a_blob(cloud: RunningCloud) -> None:
    letters = DeadLetterContainer(Cloud(cloud.logs, Control(Weather(1)), cloud.urls, cloud.ca_file))
    for _time in range(2):  # a second burial under the same name changes nothing
        await letters("topics/t/NOTIFY-TEAMS/2026/11/20/18/e1.json", [{"id": "e1", "deadLetterReason": "why"}])
    url = cloud.settings["AzureWebJobsStorage__blobServiceUri"]
    with DefaultAzureCredential() as credential, ContainerClient(url, "deadletters", credential) as container:
        content = container.download_blob("topics/t/NOTIFY-TEAMS/2026/11/20/18/e1.json").readall()
    assert json.loads(content) == [{"id": "e1", "deadLetterReason": "why"}]


@pytest.mark.parametrize("at_once", [True, False])
def test_an_event_is_delivered_by_hand_as_often_as_asked(cloud: RunningCloud, at_once: bool) -> None:
    event = {"id": f"hand-{at_once}", "subject": "s", "eventType": "T", "data": {}}
    assert cloud.send_event("dataset-uploaded", event, times=5, at_once=at_once) == [202] * 5
    assert [found["id"] for found in events(cloud)].count(event["id"]) == 5


def test_an_email_is_sent_once_per_operation_id(cloud: RunningCloud) -> None:
    operation = str(uuid.uuid4())
    with DefaultAzureCredential() as credential, EmailClient(cloud.settings["EMAIL_URL"], credential) as client:
        for _attempt in range(2):
            poller = client.begin_send(EMAIL, operation_id=operation, polling_interval=0)
            assert poller.result()["status"] == "Succeeded"
    assert [message["operation"] for message in cloud.messages("email")] == [operation]


def test_an_email_without_a_recipient_is_refused(cloud: RunningCloud) -> None:
    refused = pytest.raises(HttpResponseError, match=r"recipients\.to")
    url = cloud.settings["EMAIL_URL"]
    with DefaultAzureCredential() as credential, EmailClient(url, credential) as client, refused:
        client.begin_send({**EMAIL, "recipients": {"to": []}})
    assert cloud.messages() == []


def posted(cloud: RunningCloud, url: str, body: Any) -> int:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"content-type": "application/json"})
    trust = ssl.create_default_context(cafile=str(cloud.ca_file))
    try:
        with urllib.request.urlopen(request, timeout=10, context=trust) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"type": "message", "attachments": [ATTACHMENT]}, 202),
        ({"text": "the old connector's form"}, 400),
        ({"type": "message", "attachments": []}, 400),
        ({"type": "message", "attachments": [{**ATTACHMENT, "contentType": "text/plain"}]}, 400),
        ({"type": "message", "attachments": [{**ATTACHMENT, "content": {"type": "AdaptiveCard"}}]}, 400),
        ({"type": "message", "attachments": [ATTACHMENT], "padding": "x" * 30_000}, 413),
        (["message"], 400),
    ],
)
def test_the_teams_workflow_takes_cards_only(cloud: RunningCloud, body: Any, status: int) -> None:
    assert posted(cloud, cloud.settings["TEAMS_WEBHOOK_URL"], body) == status
    assert len(cloud.messages("teams")) == (1 if status == 202 else 0)


def test_the_teams_workflow_wants_its_signature(cloud: RunningCloud) -> None:
    wrong = cloud.settings["TEAMS_WEBHOOK_URL"].partition("?")[0] + "?sig=guessed"
    assert posted(cloud, wrong, {"type": "message", "attachments": [ATTACHMENT]}) == 401


def test_the_inbox_page_shows_what_was_sent_and_escapes_it(cloud: RunningCloud) -> None:
    posted(cloud, cloud.settings["TEAMS_WEBHOOK_URL"], {"type": "message", "attachments": [ATTACHMENT]})
    with urllib.request.urlopen(cloud.inbox_url, timeout=10) as answer:
        page = answer.read().decode()
    assert "&lt;b&gt;Serving&lt;/b&gt;" in page
    assert "<b>" not in page


def test_the_control_port_says_what_runs(cloud: RunningCloud) -> None:
    health = get_json(f"{cloud.control_url}/health")
    assert health["subscriptions"] == ["dataset-uploaded", "job-changed", "notify-email", "notify-teams"]
    assert set(health["services"]) == {"identity", "arm", "scoring", "content_safety", "event_grid", "inbox"}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/faults", b"{"),
        ("/faults", b'[{"service": "nowhere"}]'),
        ("/weather", b'{"rain": 1}'),
        ("/events", b"{}"),
    ],
)
def test_bad_control_input_is_a_400_that_says_what_to_do(cloud: RunningCloud, path: str, body: bytes) -> None:
    request = urllib.request.Request(cloud.control_url + path, body)
    with pytest.raises(urllib.error.HTTPError, match="400") as caught:
        urllib.request.urlopen(request, timeout=10)
    with caught.value as error:
        where, what, remedy = json.load(error)["error"].replace("; ", ": ").split(": ", 2)
    assert all((where, what, remedy))
