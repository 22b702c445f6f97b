"""The clients that people use, against the endpoint: what each makes of answers, blocks, errors and retries.

They run in an environment of their own, `.venv-clients`, which `make` sets up; one process each, since a
client's start takes longer than all of its requests.
"""

import asyncio
import json
import os
import shutil
import sys
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from shared.errors import ServiceUnavailable, TooManyRequests
from shared.ports import Deployment
from tests.fakes_inference import BAD, FakeChatModel, deltas, message
from tests.unit.inference.asking import Asking
from tests.unit.inference.over_http import functions_over
from tests.unit.inference.test_guard import SECRET

HERE = Path(__file__).parent
VENV = HERE.parents[1] / ".venv-clients"
SETUP = "The clients are not installed: run `make .venv-clients/.installed`."
LIMIT = 120  # seconds for one client and all scenarios
HARMFUL, BREAKS, AWAY, BUSY = "Say something bad.", "Break off.", "Be away.", "Be busy once."


@dataclass
class ObedientModel(FakeChatModel):
    """A model that does what the prompt says."""

    busy: int = 0

    async def complete(self, deployment: Deployment, request: Mapping[str, Any]) -> dict[str, Any]:
        self._prepare(request)
        return await super().complete(deployment, request)

    async def stream(
        self, deployment: Deployment, request: Mapping[str, Any]
    ) -> AsyncGenerator[dict[str, Any], None]:
        self._prepare(request)
        async for chunk in super().stream(deployment, request):
            yield chunk

    def _prepare(self, request: Mapping[str, Any]) -> None:
        prompt = request["messages"][-1]["content"]
        text = BAD if prompt == HARMFUL else "Hello there."
        self.choices, self.chunks = [message(text)], deltas(text)
        if prompt == BREAKS:
            self.chunks = [*deltas("Hello", finish=None), ServiceUnavailable("model", "cut")]
        if prompt == AWAY:
            raise ServiceUnavailable("model", "away")
        if prompt == BUSY:
            self.busy += 1
            if self.busy % 2:
                raise TooManyRequests("model", "429", 0.1)


def scenario(prompt: str = "Hello?", *, stream: bool = False, **more: Any) -> dict[str, Any]:
    return {"prompt": prompt, "stream": stream, "model": "support", "key": "", "retries": 0} | more


SCENARIOS = {
    "answer": scenario(),
    "stream": scenario(stream=True),
    "bad prompt": scenario(BAD),
    "bad prompt, stream": scenario(BAD, stream=True),
    "bad answer": scenario(HARMFUL),
    "bad stream": scenario(HARMFUL, stream=True),
    "wrong key": scenario(key="wrong"),
    "wrong model": scenario(model="nobody"),
    "cut stream": scenario(BREAKS, stream=True),
    "no model": scenario(AWAY),
    "busy": scenario(BUSY),
    "busy, again": scenario(BUSY, retries=2),
}
OPENAI = {
    "answer": "Hello there. [stop]",
    "stream": "Hello there. [stop]",
    "bad prompt": "BadRequestError content_filter",
    "bad prompt, stream": "BadRequestError content_filter",
    "bad answer": " [content_filter]",
    "bad stream": " [content_filter]",
    "wrong key": "AuthenticationError invalid_api_key",
    "wrong model": "NotFoundError model_not_found",
    "cut stream": "APIError model_unavailable",
    "no model": "InternalServerError model_unavailable",
    "busy": "RateLimitError rate_limit_exceeded",
    "busy, again": "Hello there. [stop]",
}
AZURE = {
    "answer": "Hello there. [CompletionsFinishReason.STOPPED]",
    "stream": "Hello there. [CompletionsFinishReason.STOPPED]",
    "bad prompt": "HttpResponseError content_filter",
    "bad prompt, stream": "HttpResponseError content_filter",
    "bad answer": " [CompletionsFinishReason.CONTENT_FILTERED]",
    "bad stream": " [CompletionsFinishReason.CONTENT_FILTERED]",
    "wrong key": "ClientAuthenticationError invalid_api_key",
    "wrong model": "ResourceNotFoundError model_not_found",
    "cut stream": "HttpResponseError None",  # it passes over error events, but not over the cut
    "no model": "HttpResponseError model_unavailable",
    "busy": "HttpResponseError rate_limit_exceeded",
    "busy, again": "Hello there. [CompletionsFinishReason.STOPPED]",
}
LLM = {
    "answer": "Hello there. [0]",
    "stream": "Hello there. [0]",
    "bad prompt": "content management policy",
    "bad stream": " [0]",
    "wrong key": "Incorrect API key",
    "wrong model": "does not exist",
    "cut stream": "The model did not answer",
}
CURL = {
    "answer": "Hello there. [stop]",
    "stream": "Hello there. [stop]",
    "bad prompt": "400 content_filter, curl ends with 0",
    "bad answer": " [content_filter]",
    "bad stream": " [content_filter]",
    "wrong key": "401 invalid_api_key, curl ends with 0",
    "wrong model": "404 model_not_found, curl ends with 0",
    "cut stream": "200 model_unavailable, curl ends with 18",
    "no model": "502 model_unavailable, curl ends with 0",
    "busy": "429 rate_limit_exceeded, curl ends with 0",
}


def named(outcomes: Mapping[str, str], suffix: str) -> dict[str, str]:
    """Return the outcomes of a client that asks in a second way, too."""
    return {**outcomes, **{f"{name}, {suffix}": outcome for name, outcome in outcomes.items()}}


async def outcomes(client: str, python: Path | str, scenarios: Mapping[str, Any]) -> dict[str, str]:
    """Return what a client makes of the scenarios, while the endpoint runs in this process."""
    async with functions_over(Asking(chat=ObedientModel())) as url:
        process = await asyncio.create_subprocess_exec(
            python, HERE / f"with_{client}.py", url, SECRET,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            async with asyncio.timeout(LIMIT):
                found, errors = await process.communicate(json.dumps(scenarios).encode())
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    assert process.returncode == 0, errors.decode()
    told: dict[str, str] = json.loads(found)
    return told


@pytest.fixture
def python() -> Path:
    if not (VENV / ".installed").exists():
        pytest.fail(SETUP)
    return VENV / "bin" / "python"


@pytest.mark.parametrize(
    ("client", "expected"),
    [
        ("openai", named(OPENAI, "async")),
        ("langchain", OPENAI),
        ("azure_ai_inference", named(AZURE, "under /v1") | {"info": "tunedrop"}),
    ],
)
async def test_a_client_understands_what_happens(python: Path, client: str, expected: dict[str, str]):
    assert await outcomes(client, python, SCENARIOS) == expected


async def test_llm_says_what_happens(python: Path):
    found = await outcomes("llm", python, {name: SCENARIOS[name] for name in LLM})
    assert {name: LLM[name] for name in LLM if LLM[name] not in found[name]} == {}, found
    assert BAD not in str(found.values())


@pytest.mark.skipif(shutil.which("curl") is None and "CI" not in os.environ, reason="curl is not installed")
async def test_curl_shows_what_happens():
    assert await outcomes("curl", sys.executable, {name: SCENARIOS[name] for name in CURL}) == CURL
