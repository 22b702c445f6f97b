"""Real answers of the functions fit the description of the API."""

import json
from datetime import datetime

import aiohttp
import pytest
from jsonschema import Draft202012Validator

from shared.core.run import Moment
from shared.core.run_view import run_view
from shared.errors import ServiceUnavailable
from tests.contract.examples import RUN
from tests.fakes_inference import BAD, FakeChatModel, FakeSafety, deltas, message, raising
from tests.repo.test_api_description import DESCRIPTION
from tests.unit.inference.asking import Asking, asked
from tests.unit.inference.over_http import AUTHORIZED, functions_over


async def answered(asking: Asking, method: str, path: str, body: object = None) -> tuple[int, str]:
    async with (
        functions_over(asking) as url,
        aiohttp.ClientSession(url, headers=AUTHORIZED) as http,
        http.request(method, path, json=body) as response,
    ):
        return response.status, await response.text()


CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
CHAT, CHUNK, ERROR = "ChatCompletion", "ChatCompletionChunk", "Error"


def misfits(schema: str, found: object) -> list[str]:
    validator = Draft202012Validator({"$ref": f"#/components/schemas/{schema}", **DESCRIPTION})
    return [f"{fault.json_path}: {fault.message}" for fault in validator.iter_errors(found)]


ASKED = {
    "an answer": (Asking(), asked(), 200, CHAT),
    "several choices": (Asking(), asked(n=2), 200, CHAT),
    "a tool call": (
        Asking(chat=FakeChatModel(choices=[message("", tool_calls=[CALL])])),
        asked(tools=[{"type": "function", "function": {"name": "look"}}]),
        200,
        CHAT,
    ),
    "a blocked answer": (Asking(chat=FakeChatModel(choices=[message(BAD)])), asked(), 200, CHAT),
    "a blocked prompt": (Asking(), asked(BAD), 400, ERROR),
    "an unknown field": (Asking(), asked(surprise=1), 400, ERROR),
    "an unknown model": (Asking(), asked() | {"model": "nobody"}, 404, ERROR),
    "no verdict": (
        Asking(FakeSafety(trouble=raising(ServiceUnavailable("content safety", "away")))),
        asked(),
        503,
        ERROR,
    ),
    "no model": (
        Asking(chat=FakeChatModel(trouble=raising(ServiceUnavailable("model", "away")))),
        asked(),
        502,
        ERROR,
    ),
    "a stream": (Asking(), asked(stream=True, stream_options={"include_usage": True}), 200, CHUNK),
    "a blocked stream": (Asking(chat=FakeChatModel(chunks=deltas(BAD))), asked(stream=True), 200, CHUNK),
}


@pytest.mark.parametrize(("asking", "body", "status", "schema"), ASKED.values(), ids=ASKED)
async def test_what_chats_answer_is_as_described(asking, body, status, schema):
    if status == 200:
        assert misfits("ChatRequest", body) == []
    told, raw = await answered(asking, "POST", "/v1/chat/completions", body)
    assert told == status
    events = [line[6:] for line in raw.splitlines() if line.startswith("data: ")] or [raw]
    found = [json.loads(event) for event in events if event != "[DONE]"]
    assert [fault for one in found for fault in misfits(schema, one)] == []


@pytest.mark.parametrize(
    ("path", "schema"),
    [
        ("/v1/models", "ModelList"),
        ("/v1/models/support", "Model"),
        ("/v1/models/nobody", ERROR),
        ("/v1/embeddings", ERROR),
        ("/info", "Info"),
    ],
)
async def test_what_models_answer_is_as_described(path, schema):
    _status, raw = await answered(Asking(), "GET", path)
    assert misfits(schema, json.loads(raw)) == []


async def test_the_description_is_served():
    status, raw = await answered(Asking(), "GET", "/openapi.json")
    assert (status, json.loads(raw)) == (200, DESCRIPTION)


def test_a_run_is_as_described():
    view = run_view(RUN, [Moment(datetime.fromisoformat("2026-01-01T00:00:00+00:00"), "received", ("why",))])
    assert misfits("Run", view) == []


def test_a_misfit_would_be_seen():
    assert misfits("ModelList", {"object": "list", "data": [{}]}) != []
