"""The Functions host, with a small app of its own, as clients, queues, timers and Event Grid meet it."""

import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

import pytest
from azure.identity import DefaultAzureCredential
from azure.storage.queue import QueueClient, TextBase64EncodePolicy

from tests.cloud import RunningCloud, eventually, get_json, post_json

EVENT = {"id": "e1", "topic": "/t", "subject": "s", "eventType": "T", "eventTime": "2026-11-20T18:41:00.9584103Z"}


def answer(url: str, method: str = "GET", **headers: str) -> tuple[int, bytes]:
    request = urllib.request.Request(url, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as found:
            return found.status, found.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def seen(cloud: RunningCloud, kind: str) -> list[Any]:
    found: list[Any] = get_json(f"{cloud.functions_url}/seen")[kind]
    return found


def queue(cloud: RunningCloud, name: str = "runs") -> QueueClient:
    url = cloud.settings["AzureWebJobsStorage__queueServiceUri"]
    encoding = TextBase64EncodePolicy()
    return QueueClient(url, name, credential=DefaultAzureCredential(), message_encode_policy=encoding)


@pytest.mark.parametrize(
    ("path", "method", "status", "body"),
    [
        ("files/a/b.txt", "GET", 200, b'{"path":"a/b.txt"}'),
        ("nothing", "GET", 500, b"Internal Server Error"),
        ("broken", "GET", 500, b"Internal Server Error"),  # and nothing of the error's text
        ("nothing", "POST", 404, b""),
        ("nowhere", "GET", 404, b"Not Found"),
        ("locked", "GET", 401, b""),
        ("locked?code=wrong", "GET", 401, b""),
    ],
)
def test_http_answers(cloud: RunningCloud, path: str, method: str, status: int, body: bytes) -> None:
    assert answer(f"{cloud.functions_url}/{path}", method) == (status, body)


def test_an_http_function_gets_the_request_and_its_context(cloud: RunningCloud) -> None:
    assert post_json(f"{cloud.functions_url}/echo/a%20b/7", {"x": 1}) == {
        "path": {"name": "a b", "number": "7"},
        "body": {"x": 1},
        "function": "echo",
    }


def test_the_host_key_opens_a_locked_function(cloud: RunningCloud) -> None:
    keys = json.loads((cloud.logs.parent / "state" / "host_keys.json").read_text())
    assert answer(f"{cloud.functions_url}/locked?code={keys['default']}") == (200, b"open")
    assert answer(f"{cloud.functions_url}/locked", **{"x-functions-key": keys["master"]}) == (200, b"open")


def test_the_host_says_that_it_runs(cloud: RunningCloud) -> None:
    assert get_json(f"{cloud.functions_url}/admin/host/status")["state"] == "Running"


def test_a_stream_comes_piece_by_piece_and_is_closed_when_the_client_leaves(cloud: RunningCloud) -> None:
    before = len(seen(cloud, "streams"))
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(cloud.functions_url).netloc, timeout=10)
    connection.request("GET", "/stream")
    response = connection.getresponse()
    assert response.headers["content-type"].startswith("text/event-stream")
    assert [response.readline() for _line in range(3)] == [b"data: piece\n", b"\n", b"data: piece\n"]
    response.close()
    connection.close()
    eventually(lambda: len(seen(cloud, "streams")) > before)


@pytest.mark.parametrize(
    ("function", "key", "kind", "status"),
    [
        ("tick", "master", "application/json", 202),
        ("tick", "default", "application/json", 401),
        ("tick", "", "application/json", 401),
        ("tick", "master", "text/plain", 415),
        ("take", "master", "application/json", 404),
        ("nobody", "master", "application/json", 404),
    ],
)
def test_the_master_key_runs_a_timer_at_once(
    cloud: RunningCloud, function: str, key: str, kind: str, status: int
) -> None:
    keys = {"": "", **json.loads((cloud.logs.parent / "state" / "host_keys.json").read_text())}
    headers = {"x-functions-key": keys[key], "content-type": kind}
    request = urllib.request.Request(f"{cloud.functions_url}/admin/functions/{function}", b"{}", headers)
    assert status_of(request) == status


def status_of(request: urllib.request.Request) -> int:
    try:
        with urllib.request.urlopen(request, timeout=10) as found:
            return found.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_a_timer_never_runs_twice_at_once(cloud: RunningCloud) -> None:
    eventually(lambda: len(seen(cloud, "ticks")) > 1)
    assert all(tick["alone"] for tick in seen(cloud, "ticks"))


def test_a_message_is_run_and_deleted(cloud: RunningCloud) -> None:
    with queue(cloud) as runs:
        runs.send_message("run-1")
        eventually(lambda: {"body": "run-1", "times": 1} in seen(cloud, "messages"))
        eventually(lambda: runs.get_queue_properties().approximate_message_count == 0)


def test_a_message_that_always_fails_comes_back_and_ends_as_poison(cloud: RunningCloud) -> None:
    with queue(cloud) as runs, queue(cloud, "runs-poison") as poison:
        runs.send_message("fail-1")
        assert eventually(lambda: [m.content for m in poison.peek_messages()], 30) == ["ZmFpbC0x"]
        poison.clear_messages()
    times = [message["times"] for message in seen(cloud, "messages") if message["body"] == "fail-1"]
    assert times == [1, 2, 3, 4, 5]


def test_a_message_that_is_not_base64_is_poison_at_once(cloud: RunningCloud) -> None:
    url = cloud.settings["AzureWebJobsStorage__queueServiceUri"]
    with (
        DefaultAzureCredential() as credential,
        QueueClient(url, "runs", credential=credential) as runs,
        QueueClient(url, "runs-poison", credential=credential) as poison,
    ):
        runs.send_message("not base64!")
        assert eventually(lambda: [m.content for m in poison.receive_messages()]) == ["not base64!"]
        poison.clear_messages()


def webhook(
    cloud: RunningCloud, function: str, kind: str, events: Any, key: str | None = None
) -> tuple[int, bytes]:
    keys = json.loads((cloud.logs.parent / "state" / "host_keys.json").read_text())
    code = keys["eventgrid_extension"] if key is None else key
    url = f"{cloud.functions_url}/runtime/webhooks/EventGrid?functionName={function}&code={code}"
    headers = {"aeg-event-type": kind, "content-type": "application/json"}
    request = urllib.request.Request(url, json.dumps(events).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as found:
            return found.status, found.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


@pytest.mark.parametrize(
    ("function", "kind", "events", "status"),
    [
        ("nowhere", "Notification", [EVENT], 404),
        ("take", "Notification", [EVENT], 404),  # a function, but not one for events
        ("dataset_uploaded", "Notification", [EVENT], 202),
        ("dataset_uploaded", "Notification", EVENT, 202),
        ("dataset_uploaded", "Notification", [EVENT, {**EVENT, "data": {"do": "fail"}}], 500),
        ("dataset_uploaded", "Notification", [1], 400),
        ("dataset_uploaded", "Unsubscribe", [EVENT], 202),
        ("dataset_uploaded", "Gossip", [EVENT], 400),
        ("dataset_uploaded", "", [EVENT], 400),
    ],
)
def test_the_webhook_answers_event_grid(
    cloud: RunningCloud, function: str, kind: str, events: Any, status: int
) -> None:
    assert webhook(cloud, function, kind, events)[0] == status


def test_the_webhook_says_which_function_is_missing(cloud: RunningCloud) -> None:
    assert webhook(cloud, "nowhere", "Notification", [EVENT]) == (404, b"cannot find function: 'nowhere'")


def test_the_webhook_wants_its_key(cloud: RunningCloud) -> None:
    assert webhook(cloud, "dataset_uploaded", "Notification", [EVENT], key="wrong")[0] == 401


def test_the_handshake_echoes_the_code(cloud: RunningCloud) -> None:
    status, body = webhook(
        cloud, "dataset_uploaded", "SubscriptionValidation", [{"data": {"validationCode": "c1"}}]
    )
    assert (status, json.loads(body)) == (200, {"validationResponse": "c1"})


def test_events_of_one_delivery_run_side_by_side(cloud: RunningCloud) -> None:
    events = [{**EVENT, "id": f"w{n}", "data": {"do": "wait"}} for n in range(4)]
    assert webhook(cloud, "dataset_uploaded", "Notification", events)[0] == 202
    log = (cloud.logs / "functions.log").read_text()
    waits = [line for line in log.splitlines() if "dataset_uploaded" in line][-8:]
    assert [("Executing" in line) for line in waits] == [True] * 4 + [False] * 4


def test_an_event_arrives_whole_with_its_time_cut_to_microseconds(cloud: RunningCloud) -> None:
    webhook(cloud, "dataset_uploaded", "Notification", [{**EVENT, "id": "whole", "data": {"a": 1}}])
    found = next(event for event in seen(cloud, "events") if event["id"] == "whole")
    assert found == {"id": "whole", "subject": "s", "data": {"a": 1}, "time": "2026-11-20 18:41:00.958410+00:00"}


def test_every_invocation_is_logged_with_its_outcome_and_duration(cloud: RunningCloud) -> None:
    answer(f"{cloud.functions_url}/broken")
    log = (cloud.logs / "functions.log").read_text()
    assert "Executing 'Functions.broken' (Reason='HTTP request', Id=" in log
    assert "Executed 'Functions.broken' (Failed, Id=" in log
    assert "RuntimeError: a secret of the app" in log  # the app's own log shows it; the client saw nothing of it
