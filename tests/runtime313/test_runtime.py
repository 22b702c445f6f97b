"""The app under Microsoft's own Python runtime, where Python 3.13 is found: it indexes, serves and answers."""

import json
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.function_table import FUNCTIONS
from tests.runtime313.find_python import ADVICE, python_313

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
VENV = ROOT / ".venv-3.13"  # made by make
SETUP = "Python 3.13 is found, but .venv-3.13 is not set up: run `make .venv-3.13/.installed`."
LIMIT = 120  # seconds for one start of the app with all its invocations; it takes about 3
STARTS = ("init", "reload")  # a dedicated plan's start; Flex Consumption's, in a worker that was a placeholder

# Nothing listens there: every case must be decided before, or without, asking a service.
NOWHERE = "https://localhost:9"
SETTINGS = {
    "FUNCTIONS_WORKER_RUNTIME": "python",
    "AzureWebJobsStorage__blobServiceUri": NOWHERE,
    "AzureWebJobsStorage__queueServiceUri": NOWHERE,
    "AzureWebJobsStorage__tableServiceUri": NOWHERE,
    "AzureWebJobsStorage__credential": "managedidentity",
    "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
    "IDENTITY_HEADER": "none",
    "AZURE_SUBSCRIPTION_ID": "00000000-0000-0000-0000-000000000000",
    "AZURE_RESOURCE_GROUP": "rg-local",
    "AZURE_ML_WORKSPACE": "tunedrop",
    "EVENT_TOPIC_URL": f"{NOWHERE}/api/events",
    "CONTENT_SAFETY_URL": NOWHERE,
    "TEAMS_WEBHOOK_URL": NOWHERE,
    "EMAIL_URL": NOWHERE,
    "EMAIL_SENDER": "donotreply@tunedrop.example",
    "EMAIL_RECIPIENTS": "team@tunedrop.example",
    "ADVANCE_RUNS_SCHEDULE": "0 * * * * *",
}
EVENT = {
    "topic": "/subscriptions/0/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/st",
    "subject": "/blobServices/default/containers/reports/blobs/support.jsonl",
    "eventType": "Microsoft.Storage.BlobCreated",
    "id": "831e1650-001e-001b-66ab-eeb76e069631",
    "eventTime": "2026-06-26T18:41:00.9584103Z",  # seven digits, as Azure writes it
    "data": {
        "api": "PutBlob",
        "eTag": "0x8D4BCC2E4835CD0",
        "contentLength": 524288,
        "url": f"{NOWHERE}/support.jsonl",
    },
    "dataVersion": "",
    "metadataVersion": "1",
}
CHAT = json.dumps({"model": "support", "messages": [{"role": "user", "content": "hello"}]})


def http_case(function: str, method: str, path: str, **more: Any) -> dict[str, Any]:
    return {"name": function, "function": function, "kind": "http", "method": method, "path": path} | more


INVOCATIONS = [
    http_case("chat_completions", "POST", "/v1/chat/completions", body=CHAT),
    http_case("chat_completions_of_azure", "POST", "/chat/completions", body=CHAT),
    http_case("models", "GET", "/v1/models"),
    http_case("model", "GET", "/v1/models/support", params={"id": "support"}),
    http_case("info", "GET", "/info"),
    http_case("runs", "GET", "/runs"),
    http_case("run", "GET", "/runs/r0123", params={"id": "r0123"}),
    {"name": "another container", "function": "dataset_uploaded", "kind": "json", "value": EVENT},
    {
        "name": "tick",
        "function": "advance_runs",
        "kind": "json",
        "value": {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": None, "IsPastDue": False},
    },
    {
        "name": "message",
        "function": "advance_run",
        "kind": "string",
        "value": "r0123456789abcdef0123",
        "metadata": {
            "Id": "9",
            "DequeueCount": 1,
            "InsertionTime": "2026-11-20T10:00:00+00:00",
            "PopReceipt": "p",
        },
    },
]
NEEDING_A_KEY = [invocation["function"] for invocation in INVOCATIONS if invocation["kind"] == "http"]


class Refusal(BaseHTTPRequestHandler):
    """An identity endpoint that gives no token, and says so for good: 501, which no client tries again."""

    def log_message(self, *args: object) -> None:
        """Keep quiet."""


@pytest.fixture(scope="module")
def identity() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusal) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/msi/token"
        server.shutdown()


def drive(app: Path, start: str, invocations: list[dict[str, Any]], **settings: str) -> dict[str, Any]:
    """Return what the runtime says of an app; it sees these settings and nothing of this shell's."""
    done = subprocess.run(
        [VENV / "bin/python", HERE / "driver.py", app, start],
        input=json.dumps(invocations),
        env=settings | {"PYTHONDONTWRITEBYTECODE": "1"},
        cwd=app,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module", autouse=True)
def _python_313() -> None:
    if (VENV / ".installed").exists():
        return
    if python_313() is None:
        pytest.skip(ADVICE)
    pytest.fail(SETUP)


@pytest.fixture(scope="module", params=STARTS)
def driven(request: pytest.FixtureRequest, identity: str) -> dict[str, Any]:
    return drive(ROOT, request.param, INVOCATIONS, **SETTINGS, IDENTITY_ENDPOINT=identity)


def test_the_runtime_takes_the_app(driven):
    assert driven["start"]["outcome"] == "Success", driven["start"]["stack"]


def test_the_runtime_finds_every_function_with_its_bindings(driven):
    assert {name: found["bindings"] for name, found in driven["functions"].items()} == FUNCTIONS


def test_the_runtime_serves_http_itself_so_that_answers_can_stream(driven):
    assert driven["capabilities"]["HttpUri"].startswith("http://127.0.0.1:")
    assert driven["capabilities"]["RequiresRouteParameters"] == "true"


@pytest.mark.parametrize("function", NEEDING_A_KEY)
def test_a_request_without_a_key_is_refused_in_openais_words(driven, function):
    answer = driven["answers"][function]
    error = json.loads(answer["body"])["error"]
    assert (answer["status"], answer["outcome"]) == (401, "Success")
    assert set(error) == {"message", "type", "param", "code"}
    assert error["code"] == "invalid_api_key"


def test_an_event_of_another_container_is_passed_over(driven):
    answer = driven["answers"]["another container"]
    assert answer["outcome"] == "Success", answer["stack"]
    assert any(f"event {EVENT['id']} is not about a dataset" in line for line in answer["log"])


@pytest.mark.parametrize(("name", "function"), [("tick", "advance_runs"), ("message", "advance_run")])
def test_a_failure_is_reported_by_its_name_so_that_the_host_comes_back(driven, name, function):
    """The trigger's value was converted and our code called: only the service was away."""
    answer = driven["answers"][name]
    assert answer["outcome"] == "Failure"
    assert answer["exception"].startswith("NoToken: "), answer["stack"]
    assert f"functions/{function}.py" in answer["stack"]


def test_an_app_without_settings_starts_and_says_what_it_misses():
    answer = drive(ROOT, "init", [http_case("health", "GET", "/health")])["answers"]["health"]
    report = json.loads(answer["body"])
    assert (answer["status"], answer["outcome"], report["status"]) == (503, "Success", "misconfigured")
    assert "AZURE_ML_WORKSPACE is missing" in report["problem"]


def test_the_driver_shows_what_the_runtime_refuses(tmp_path):
    """One function with the old request type beside one of HTTP v2: the runtime takes neither."""
    (tmp_path / "function_app.py").write_text(
        "import azure.functions as func\n"
        "from azurefunctions.extensions.http.fastapi import Request, Response\n"
        "app = func.FunctionApp()\n"
        "@app.route(route='new')\n"
        "async def new(req: Request) -> Response: ...\n"
        "@app.route(route='old')\n"
        "def old(req: func.HttpRequest) -> func.HttpResponse: ...\n"
    )
    refused = drive(tmp_path, "init", [])
    assert refused["start"]["outcome"] == "Failure"
    assert "cannot load the old function" in refused["start"]["exception"]
