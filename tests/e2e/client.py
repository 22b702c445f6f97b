"""A person at the local cloud, with nothing but HTTP: drops files, reads runs, asks the endpoint."""

import json
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from typing import Any
from urllib.parse import urlencode

from tests.cloud import RunningCloud, eventually

PAUSE = 0.3  # seconds between two looks


@dataclass(frozen=True)
class Answer:
    """What came back over HTTP."""

    status: int
    headers: Message  # finds a header in any case
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Person:
    """Somebody who uses one running cloud."""

    cloud: RunningCloud

    def call(
        self, method: str, url: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """Return the answer, whatever its status."""
        request = urllib.request.Request(url, body, headers or {}, method=method)
        trust = ssl.create_default_context(cafile=self.cloud.ca_file) if url.startswith("https") else None
        try:
            with urllib.request.urlopen(request, timeout=60, context=trust) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read())

    def drop(self, path: str, content: bytes) -> str:
        """Upload a blob into `datasets`; return its ETag."""
        kind = {"x-ms-blob-type": "BlockBlob", "Content-Type": "application/x-ndjson"}
        answer = self.call("PUT", self.blob_url(f"datasets/{path}"), content, kind | self._storage_headers())
        assert answer.status == 201, answer.body
        return answer.headers["ETag"]

    def blob(self, path: str) -> bytes:
        """Return a blob's bytes."""
        answer = self.call("GET", self.blob_url(path), headers=self._storage_headers())
        assert answer.status == 200, answer.body
        return answer.body

    def blob_url(self, path: str) -> str:
        return f"{self.cloud.settings['AzureWebJobsStorage__blobServiceUri']}/{path}"

    def _storage_headers(self) -> dict[str, str]:
        settings = self.cloud.settings
        url = f"{settings['IDENTITY_ENDPOINT']}?api-version=2019-08-01&resource=https://storage.azure.com"
        token = self.call("GET", url, headers={"X-IDENTITY-HEADER": settings["IDENTITY_HEADER"]}).json()
        when = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
        bearer = f"Bearer {token['access_token']}"
        return {"Authorization": bearer, "x-ms-version": "2025-05-05", "x-ms-date": when}

    def get(self, path: str, key: str | None = None) -> Answer:
        """GET from the function app."""
        return self.call("GET", self.cloud.functions_url + path, headers=self._key(key))

    def chat(self, key: str | None = None, **request: Any) -> Answer:
        """POST a chat completion."""
        headers = {"Content-Type": "application/json", **self._key(key)}
        url = f"{self.cloud.functions_url}/v1/chat/completions"
        return self.call("POST", url, json.dumps(request).encode(), headers)

    def _key(self, key: str | None) -> dict[str, str]:
        chosen = self.cloud.api_key if key is None else key
        return {"Authorization": f"Bearer {chosen}"} if chosen else {}

    def runs(self, dataset: str) -> list[dict[str, Any]]:
        """Return the runs of one dataset, newest first."""
        listed: list[dict[str, Any]] = self.get(f"/runs?{urlencode({'dataset': dataset})}").json()["data"]
        return listed

    def ended_run(self, dataset: str, seconds: float = 400) -> dict[str, Any]:
        """Return the dataset's newest run, with its history, once it is in a final state."""
        final = {"serving", "rejected", "failed", "canceled", "deleted"}

        def ended() -> dict[str, Any] | None:
            return next((run for run in self.runs(dataset)[:1] if run["state"] in final), None)

        run = eventually(ended, seconds, PAUSE)
        assert run is not None
        found: dict[str, Any] = self.get(f"/runs/{run['id']}").json()
        return found


def streamed_text(answer: Answer) -> tuple[str, str]:
    """Return the text and the finish reason of a streamed answer's first choice."""
    lines = [line.removeprefix("data: ") for line in answer.body.decode().split("\n") if line]
    assert lines[-1] == "[DONE]"
    chunks = [json.loads(line) for line in lines[:-1]]
    choices = [choice for chunk in chunks for choice in chunk["choices"]]
    text = "".join(choice["delta"].get("content") or "" for choice in choices)
    return text, choices[-1]["finish_reason"]
