"""The running app as a person meets it: containers to drop into, URLs to read, an endpoint to ask."""

import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from azure.core.exceptions import AzureError
from azure.identity import DefaultAzureCredential
from azure.storage.blob import BlobServiceClient
from openai import BadRequestError, OpenAI
from openai.types.chat import ChatCompletionMessageParam

from demo.cloud import Addresses
from demo.errors import DemoError, NoAnswerError
from demo.examples import Example
from demo.views import RunView, block_text, run_of

TIMEOUT = 30.0  # seconds for one answer
RETRIES = 6  # the local cloud throttles now and then, as Azure does
LONGEST_ANSWER = 160  # tokens
WORTH_REPEATING = frozenset({404, 429, 500, 502, 503, 504})  # a run may be listed a moment before it can be read


@dataclass(frozen=True)
class Block:
    """How a blocked prompt was answered."""

    status: int
    code: str
    why: str  # "violence (high)"


class App:
    """The app on the local cloud, over the same SDKs and URLs that anybody would use."""

    def __init__(self, addresses: Addresses) -> None:
        self._at = addresses
        self._blobs = BlobServiceClient(
            addresses.settings["AzureWebJobsStorage__blobServiceUri"], credential=DefaultAzureCredential()
        )
        self._openai = OpenAI(
            base_url=f"{addresses.functions}/v1",
            api_key=addresses.api_key,
            max_retries=RETRIES,
            timeout=TIMEOUT,
        )

    def drop(self, file: Path) -> None:
        """Upload a file into the container `datasets`."""
        try:
            with file.open("rb") as opened:
                self._blobs.get_blob_client("datasets", file.name).upload_blob(opened, overwrite=True)
        except AzureError as error:
            raise DemoError(f"{file.name} could not be uploaded: {type(error).__name__}") from error

    def training_file(self, run: RunView) -> str:
        """Return the examples that the run trains on, after the validation split."""
        try:
            blob = self._blobs.get_blob_client("reports", f"{run.id}/training.jsonl")
            return blob.download_blob().readall().decode()
        except AzureError as error:
            raise DemoError(f"training.jsonl of {run.id} could not be read: {type(error).__name__}") from error

    def run_id_of(self, dataset: str) -> str | None:
        """Return the id of a dataset's latest run, or None while there is none."""
        runs = self._get(f"{self._at.functions}/runs", self._at.api_key)["data"]
        return next((run["id"] for run in runs if run["dataset"] == dataset), None)

    def run(self, run_id: str) -> RunView:
        """Return a run with its history."""
        return run_of(self._get(f"{self._at.functions}/runs/{run_id}", self._at.api_key))

    def messages(self) -> list[dict[str, Any]]:
        """Return what the team was told, oldest first."""
        told: list[dict[str, Any]] = self._get(f"{self._at.inbox}/messages")
        return told

    def analyses(self) -> int:
        """Return how many texts Content Safety has judged so far."""
        calls = self._get(f"{self._at.control}/history?service=content_safety")
        return sum(call["status"] == 200 and "analyze" in call["path"] for call in calls)

    def ask(self, model: str, example: Example) -> str:
        """Return the model's answer to an example's question."""
        answer = self._openai.chat.completions.create(
            model=model, messages=_typed(example), temperature=0, max_tokens=LONGEST_ANSWER
        )
        return answer.choices[0].message.content or ""

    def stream(self, model: str, example: Example) -> Iterator[str]:
        """Yield the pieces of the model's answer as they arrive."""
        chunks = self._openai.chat.completions.create(
            model=model, messages=_typed(example), temperature=0, max_tokens=LONGEST_ANSWER, stream=True
        )
        for chunk in chunks:
            if chunk.choices and (text := chunk.choices[0].delta.content):
                yield text

    def block_of(self, model: str, prompt: str) -> Block:
        """Send a prompt that must be blocked, and return the block; raises DemoError when it is none."""
        try:
            self._openai.chat.completions.create(model=model, messages=[{"role": "user", "content": prompt}])
        except BadRequestError as error:
            if error.code == "content_filter":
                return Block(error.status_code, error.code, block_text(error.body))
            raise DemoError(f"the prompt was refused for another reason: {error.code}") from error
        raise DemoError("the harmful prompt was answered, not blocked")

    def _get(self, url: str, key: str = "") -> Any:
        parts = urlsplit(url)
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        connection = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT)
        try:
            connection.request("GET", f"{parts.path}?{parts.query}", headers=headers)
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswerError(f"{url} does not answer: {error}") from error
        finally:
            connection.close()
        if answer.status != http.HTTPStatus.OK:
            kind = NoAnswerError if answer.status in WORTH_REPEATING else DemoError
            raise kind(f"{url} answers {answer.status}: {body[:200].decode(errors='replace')}")
        return json.loads(body)


def _typed(example: Example) -> list[ChatCompletionMessageParam]:
    return cast("list[ChatCompletionMessageParam]", example.messages())
