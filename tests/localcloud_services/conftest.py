"""Stand-ins served over TLS on free ports, in a thread of the test process, with some blobs beside them."""

import asyncio
import json
import ssl
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from localcloud import azure_ml, content_safety, scoring
from localcloud.azure_ml.fine_tuning import TRAINER
from localcloud.certificates import new_certificates
from localcloud.control import Control, Weather
from localcloud.frame import Cloud, asgi
from localcloud.hosting import served
from localcloud.identity import token_for
from localcloud.ports import free_socket, port_of
from localcloud.scoring_worker.client import Worker
from tests.localcloud_services.stand_in_server import StandInServer

HERE = Path(__file__).parent
ENDLESS_WORKER = (sys.executable, str(HERE / "endless_worker.py"))
STAND_IN_TRAINER = (sys.executable, str(HERE / "stand_in_trainer.py"))
NAMES = ("arm", "scoring", "content_safety", "blob")
SUBSCRIPTION, GROUP, WORKSPACE = "00000000-0000-0000-0000-000000000000", "rg-local", "tunedrop"
W = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
    f"/providers/Microsoft.MachineLearningServices/workspaces/{WORKSPACE}"
)
ARM, SAFETY = "https://management.azure.com", "https://cognitiveservices.azure.com"
PHI = "azureml://registries/azureml/models/Phi-4-mini-instruct/versions/1"
GUID = "6d1f6f0e-3b1c-4c53-9a53-7f2f0c1d2e3f"
JOBS, ENDPOINTS, MODELS = "2024-10-01-preview", "2024-10-01", "2023-08-01-preview"
PACE = 0.1  # of what only takes time so that readers can see it
PATIENCE = 180.0  # seconds that anything may take at most, on a machine busy with much else


@dataclass(frozen=True)
class Answer:
    """What came back over HTTP."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def code(self) -> str:
        return str(self.body["error"]["code"])

    @property
    def message(self) -> str:
        return str(self.body["error"]["message"])


@dataclass(frozen=True)
class Served:
    """A running set of stand-ins and a plain way to call them."""

    cloud: Cloud
    tls: ssl.SSLContext
    blobs: dict[str, bytes] = field(default_factory=dict)

    @property
    def urls(self) -> dict[str, str]:
        return self.cloud.urls

    def call(
        self,
        method: str,
        url: str,
        body: object = None,
        *,
        audience: str | None = ARM,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        token = {"Authorization": f"Bearer {token_for(audience).token}"} if audience else {}
        parts = urlsplit(url)
        connection = HTTPSConnection(parts.netloc, timeout=PATIENCE, context=self.tls)
        with closing(connection):
            path = f"{parts.path}?{parts.query}" if parts.query else parts.path
            connection.request(method, path, data, {**token, **(headers or {})})
            return _answer(connection.getresponse())

    def arm(self, method: str, path: str, version: str, body: object = None) -> Answer:
        joint = "&" if "?" in path else "?"
        return self.call(method, f"{self.urls['arm']}{W}{path}{joint}api-version={version}", body)

    def job_status(self, name: str) -> str:
        return str(self.arm("GET", f"/jobs/{name}", JOBS).body["properties"]["status"])

    def finished(self, name: str, body: dict[str, Any]) -> str:
        """Submit a job and return the status with which it ends."""
        assert self.arm("PUT", f"/jobs/{name}", JOBS, body).status == 201
        return self.until(lambda: self.job_status(name), "Completed", "Failed", "Canceled")

    def endpoint_state(self, name: str) -> str:
        return str(
            self.arm("GET", f"/serverlessEndpoints/{name}", ENDPOINTS).body["properties"]["provisioningState"]
        )

    def deployed(self, name: str, model: str, version: str = "1", **properties: Any) -> tuple[str, str]:
        """Deploy a model and return the endpoint's uri and key."""
        created = self.arm(
            "PUT", f"/serverlessEndpoints/{name}", ENDPOINTS, endpoint_body(model, version, **properties)
        )
        assert created.status == 201, created.body
        assert self.until(lambda: self.endpoint_state(name), "Succeeded", "Failed") == "Succeeded"
        keys = self.arm("POST", f"/serverlessEndpoints/{name}/listKeys", ENDPOINTS).body
        return created.body["properties"]["inferenceEndpoint"]["uri"], keys["primaryKey"]

    def until(self, read: Callable[[], str], *wanted: str) -> str:
        """Read until one of the wanted states is there; fails after PATIENCE."""
        end, pause = time.monotonic() + PATIENCE, threading.Event()
        while (state := read()) not in wanted:
            assert time.monotonic() < end, f"still {state}, not one of {wanted}"
            pause.wait(0.05)
        return state

    def drop(self, path: str, examples: Sequence[tuple[str, str]]) -> str:
        """Put a dataset into the datastore's container and return a job's input uri for it."""
        rows = [
            {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": reply}]}
            for question, reply in examples
        ]
        self.blobs[f"reports/{path}"] = "".join(json.dumps(row) + "\n" for row in rows).encode()
        return f"azureml://datastores/tunedrop/paths/{path}"


def _answer(response: HTTPResponse) -> Answer:
    raw = response.read()
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, headers, json.loads(raw) if raw[:1] in (b"{", b"[") else raw)


def job_body(training: str, **changes: Any) -> dict[str, Any]:
    """Return the body of a job as the SDK sends it, with some of its fields changed ("a.b": value)."""
    details = {
        "taskType": "chatCompletion",
        "modelProvider": "Custom",
        "model": {"uri": PHI, "jobInputType": "mlflow_model"},
        "trainingData": {"uri": training, "jobInputType": "uri_file"},
        "validationData": {"uri": training, "jobInputType": "uri_file"},
        "hyperParameters": {"num_train_epochs": "1"},
    }
    outputs = {"registered_model": {"assetName": "support", "jobOutputType": "mlflow_model"}}
    properties = {"jobType": "FineTuning", "fineTuningDetails": details, "outputs": outputs}
    for path, value in changes.items():
        *parents, last = path.split("__")
        target: Any = properties
        for parent in parents:
            target = target[parent]
        target[last] = value
    return {"properties": properties}


def endpoint_body(model: str, version: str = "1", **properties: Any) -> dict[str, Any]:
    """Return the body of an endpoint that serves a registered model."""
    model_id = f"azureml://locations/eastus2/workspaces/{GUID}/models/{model}/versions/{version}"
    settings = {"authMode": "Key", "modelSettings": {"modelId": model_id}, **properties}
    return {"location": "eastus2", "sku": {"name": "Consumption"}, "properties": settings}


@contextmanager
def served_cloud(
    root: Path, trainer: Sequence[str], weather: Weather, worker: Worker | None = None
) -> Iterator[Served]:
    """Serve Azure ML, scoring, Content Safety and some blobs in a thread while the context lasts."""
    tls = new_certificates(root / "tls")
    sockets = {name: free_socket() for name in NAMES}
    urls = {name: f"https://localhost:{port_of(sockets[name])}" for name in NAMES}
    urls["blob"] += "/devstoreaccount1"
    trust = ssl.create_default_context(cafile=str(tls.ca))
    here = Served(Cloud(root, Control(weather), urls, tls.ca), trust)
    if worker is not None:
        here.cloud.shared["scoring_worker"] = worker
    loop = asyncio.new_event_loop()
    ready, stop = threading.Event(), asyncio.Event()

    async def live() -> None:
        async with AsyncExitStack() as stack:
            for name, app in _apps(here, trainer).items():
                await stack.enter_async_context(served(app, sockets[name], tls))
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(live()), daemon=True)
    thread.start()
    try:
        assert ready.wait(PATIENCE)
        yield here
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(PATIENCE)
        assert not thread.is_alive()
        loop.close()


def _apps(here: Served, trainer: Sequence[str]) -> dict[str, Any]:
    services = [
        azure_ml.service(here.cloud, trainer, PACE, StandInServer),
        scoring.service(here.cloud),
        content_safety.service(here.cloud),
    ]
    framed = {service.name: asgi(service, here.cloud) for service in services}
    return {
        **framed,
        "blob": Starlette(
            routes=[Route("/devstoreaccount1/{path:path}", _blob(here.blobs), methods=["GET", "PUT"])]
        ),
    }


def _blob(blobs: dict[str, bytes]) -> Callable[[Request], Awaitable[Response]]:
    """Return what the blob service does for downloads, uploads and lists, each in one piece."""
    stamp = {"ETag": '"0x1"', "Last-Modified": "Fri, 20 Nov 2026 12:00:00 GMT"}

    async def answer(request: Request) -> Response:
        path = request.path_params["path"]
        if request.query_params.get("comp") == "list":
            listing = _listing(blobs, f"{path}/", request.query_params.get("prefix", ""))
            return Response(listing, media_type="application/xml")
        if request.method == "PUT":
            blobs[path] = await request.body()
            return Response(status_code=201, headers=stamp)
        content = blobs.get(path)
        if content is None:
            return Response(status_code=404, headers={"x-ms-error-code": "BlobNotFound"})
        size = len(content)
        if "x-ms-range" in request.headers and not content:
            return Response(status_code=416, headers={"x-ms-error-code": "InvalidRange"})
        span = {"Content-Range": f"bytes 0-{size - 1}/{size}"} if content else {}
        return Response(content, 206 if content else 200, {**span, **stamp, "x-ms-blob-type": "BlockBlob"})

    return answer


def _listing(blobs: dict[str, bytes], container: str, prefix: str) -> str:
    names = sorted(path.removeprefix(container) for path in blobs if path.startswith(container + prefix))
    rows = "".join(f"<Blob><Name>{name}</Name><Properties/></Blob>" for name in names)
    return f"<EnumerationResults><Blobs>{rows}</Blobs><NextMarker/></EnumerationResults>"


def calm() -> Weather:
    weather = Weather(seed=1)
    weather.calm()
    return weather


@pytest.fixture(scope="session")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Calm stand-ins whose jobs run a trainer that only pretends."""
    with served_cloud(tmp_path_factory.mktemp("cloud"), STAND_IN_TRAINER, calm()) as running:
        yield running


@pytest.fixture(scope="session")
def chat(here: Served) -> tuple[str, str]:
    """The uri and key of an endpoint that serves the untrained base model."""
    training = here.drop("chat/training.jsonl", [("Hello?", "Hello.")])
    assert (
        here.finished("for-chat", job_body(training, outputs__registered_model__assetName="chat")) == "Completed"
    )
    return here.deployed("td-chat", "chat", contentSafety={"contentSafetyStatus": "Disabled"})


@pytest.fixture(scope="module")
def training_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Calm stand-ins whose jobs really train."""
    with served_cloud(tmp_path_factory.mktemp("training"), TRAINER, calm()) as running:
        yield running
