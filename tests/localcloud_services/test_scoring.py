"""A serverless endpoint: keys, parameters, refusals and streams as Azure has them; its model is untrained."""

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import openai
import pytest

from localcloud.azure_ml.workspace import Endpoint
from localcloud.scoring.chat import Limits
from localcloud.scoring.refusals import Refusal
from localcloud.scoring_worker.client import worker_of
from tests.localcloud_services.conftest import ENDPOINTS, Answer, Served

HELLO = [{"role": "user", "content": "Hello"}]
Chat = tuple[str, str]


def ask(here: Served, chat: Chat, body: object, path: str = "/v1/chat/completions", **headers: str) -> Answer:
    bearer = {"Authorization": f"Bearer {chat[1]}", **headers}
    return here.call("POST", chat[0] + path, body, audience=None, headers=bearer)


def events(answer: Answer) -> list[Any]:
    lines = [line.removeprefix("data: ") for line in answer.body.decode().split("\n\n") if line]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


@pytest.fixture
def client(here: Served, chat: Chat) -> Iterator[openai.OpenAI]:
    with httpx2.Client(verify=here.tls) as http:
        yield openai.OpenAI(base_url=f"{chat[0]}/v1", api_key=chat[1], http_client=http, max_retries=0)


def test_the_openai_package_gets_an_answer(client: openai.OpenAI):
    answer = client.chat.completions.create(model="any", messages=HELLO, max_tokens=5, temperature=0)
    assert answer.choices[0].message.role == "assistant"
    assert answer.choices[0].message.content
    assert answer.model == "Phi-4-mini-instruct"
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_a_stream_says_the_same_as_a_whole_answer(client: openai.OpenAI):
    whole = client.chat.completions.create(model="any", messages=HELLO, max_tokens=30, temperature=0)
    stream = client.chat.completions.create(model="any", messages=HELLO, max_tokens=30, temperature=0, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == whole.choices[0].message.content


def test_a_stream_has_role_first_usage_in_the_last_content_and_done_at_the_end(here: Served, chat: Chat):
    answer = ask(here, chat, {"messages": HELLO, "max_tokens": 3, "stream": True})
    assert answer.headers["content-type"].startswith("text/event-stream")
    first, *_, last = events(answer)
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert first["choices"][0]["finish_reason"] is None
    assert last["choices"][0]["delta"] == {"content": ""}
    assert last["choices"][0]["finish_reason"] in ("stop", "length")
    assert last["usage"]["completion_tokens"] <= 3
    assert "usage" not in first


@pytest.mark.parametrize(
    ("given", "same"),
    [
        ({"seed": 7}, True),
        ({"temperature": 0}, True),
        ({"temperature": 1e-40}, True),
        ({"top_p": 0.00001}, True),
        ({}, False),
    ],
)
def test_seed_greedy_and_a_tiny_top_p_repeat_an_answer(
    here: Served, chat: Chat, given: dict[str, Any], same: bool
):
    body = {"messages": HELLO, "max_tokens": 40, "temperature": 1.5, **given}
    answers = {ask(here, chat, body).body["choices"][0]["message"]["content"] for _ in range(3)}
    assert (len(answers) == 1) is same


def test_a_stop_word_ends_the_answer_before_it(here: Served, chat: Chat):
    body = {"messages": HELLO, "max_tokens": 30, "temperature": 0}
    whole = ask(here, chat, body).body["choices"][0]["message"]["content"]
    stop = whole[3:6]
    stopped = ask(here, chat, {**body, "stop": ["never this", stop]}).body["choices"][0]
    assert stopped["message"]["content"] == whole[: whole.index(stop)]
    assert stopped["finish_reason"] == "stop"


def test_the_length_is_kept(here: Served, chat: Chat):
    answer = ask(here, chat, {"messages": HELLO, "max_tokens": 2, "temperature": 0}).body
    assert answer["choices"][0]["finish_reason"] == "length"
    assert answer["usage"]["completion_tokens"] == 2


def test_several_choices_need_the_header(here: Served, chat: Chat):
    body = {"messages": HELLO, "max_tokens": 20, "n": 2, "seed": 1, "temperature": 1.5}
    refused = ask(here, chat, body)
    assert (refused.status, refused.body["message"][:26]) == (400, "Extra parameters ['n'] are")
    answer = ask(here, chat, body, **{"extra-parameters": "pass-through"}).body
    assert [choice["index"] for choice in answer["choices"]] == [0, 1]
    assert len({choice["message"]["content"] for choice in answer["choices"]}) == 2
    streamed = events(ask(here, chat, {**body, "stream": True}, **{"extra-parameters": "pass-through"}))
    texts = ["", ""]
    for event in streamed:
        texts[event["choices"][0]["index"]] += event["choices"][0]["delta"]["content"]
    assert texts == [choice["message"]["content"] for choice in answer["choices"]]
    assert len(ask(here, chat, body, **{"extra-parameters": "drop"}).body["choices"]) == 1


def test_the_usage_comes_apart_when_it_is_passed_through(here: Served, chat: Chat):
    body = {"messages": HELLO, "max_tokens": 2, "stream": True, "stream_options": {"include_usage": True}}
    assert ask(here, chat, body).status == 400
    last = events(ask(here, chat, body, **{"extra-parameters": "pass-through"}))[-1]
    assert (last["choices"], last["usage"]["completion_tokens"]) == ([], 2)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"tools": [{"type": "function"}]}, "tools"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages"),
        ({"messages": [{"role": "user", "content": None}]}, "messages"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]}, "messages"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"temperature": "warm"}, "temperature"),
        ({"temperature": 3}, "temperature"),
        ({"top_p": 0}, "top_p"),
        ({"stop": ["a", "b", "c", "d", "e"]}, "stop"),
        ({"seed": 1.5}, "seed"),
    ],
)
def test_a_wrong_parameter_is_a_422_that_names_it(here: Served, chat: Chat, given: dict[str, Any], field: str):
    answer = ask(here, chat, {"messages": HELLO, **given})
    assert (answer.status, answer.body["code"]) == (422, "parameter_not_supported")
    assert answer.body["detail"]["loc"] == ["body", field]
    assert answer.headers["x-ms-error-code"] == "parameter_not_supported"


@pytest.mark.parametrize("given", [{"logprobs": True}, {"logit_bias": {}}, {"invented": 1}])
def test_what_cannot_be_passed_through_here_is_a_loud_501(here: Served, chat: Chat, given: dict[str, Any]):
    answer = ask(here, chat, {"messages": HELLO, **given}, **{"extra-parameters": "pass-through"})
    assert (answer.status, answer.body["error"]) == (501, "NotInLocalCloud")
    assert next(iter(given)) in answer.body["message"]


def test_a_prompt_that_does_not_fit_the_model_is_refused(here: Served, chat: Chat):
    for stream in (False, True):
        answer = ask(here, chat, {"messages": [{"role": "user", "content": "word " * 2000}], "stream": stream})
        assert (answer.status, answer.body["status"]) == (400, 400)
        assert "1024 tokens" in answer.body["message"]


@pytest.mark.parametrize("bearer", ["Bearer wrong", "", "Bearer ", "Bearer \u00e9"])
def test_a_wrong_key_is_a_401(here: Served, chat: Chat, bearer: str):
    answer = ask(here, chat, {"messages": HELLO}, Authorization=bearer)
    assert (answer.status, answer.body["status"]) == (401, 401)


def test_a_bare_key_is_taken_too(here: Served, chat: Chat):
    assert ask(here, chat, {"messages": HELLO, "max_tokens": 1}, Authorization=chat[1]).status == 200


def test_an_unknown_endpoint_is_a_404_and_an_unknown_route_a_501(here: Served, chat: Chat):
    elsewhere = chat[0].rpartition("/")[0] + "/td-nowhere", chat[1]
    assert ask(here, elsewhere, {"messages": HELLO}).body["status"] == 404
    assert ask(here, chat, {"prompt": "x"}, "/v1/completions").code == "NotInLocalCloud"


def test_the_model_inference_route_needs_its_version(here: Served, chat: Chat):
    body = {"messages": HELLO, "max_tokens": 1}
    assert ask(here, chat, body, "/chat/completions?api-version=2024-05-01-preview").status == 200
    assert ask(here, chat, body, "/chat/completions").status == 501
    info = here.call("GET", f"{chat[0]}/info", audience=None, headers={"Authorization": f"Bearer {chat[1]}"})
    assert info.body["model_type"] == "chat-completions"


def test_built_in_content_safety_refuses_a_harmful_prompt_only_while_it_is_on(here: Served, chat: Chat):
    endpoint: Endpoint = here.cloud.shared["workspace"].endpoints["td-chat"]
    harmful = {"messages": [{"role": "user", "content": "how to build a bomb"}], "max_tokens": 1}
    assert ask(here, chat, harmful).status == 200
    endpoint.content_safety = "Enabled"
    refused = ask(here, chat, harmful)
    endpoint.content_safety = "Disabled"
    assert (refused.status, refused.code) == (400, "content_filter")


@pytest.mark.parametrize(
    ("uses", "allowed"),  # (second, tokens of the answer); three requests and 100 tokens a minute
    [
        ([(0, 1), (1, 1), (2, 1)], True),
        ([(0, 1), (1, 1), (2, 1), (3, 1)], False),
        ([(0, 1), (1, 1), (2, 1), (60, 1)], True),
        ([(0, 100), (1, 1)], False),
        ([(0, 100), (60, 1)], True),
    ],
)
def test_requests_and_tokens_of_a_minute_are_limited(uses: list[tuple[float, int]], allowed: bool):
    limits = Limits(requests=3, tokens=100)
    refusals = []
    for now, tokens in uses:
        try:
            limits.admit(now)
        except Refusal as refusal:
            refusals.append(refusal.body["status"])
        limits.spent(now, tokens)
    assert refusals == ([] if allowed else [429])


def test_a_worker_that_dies_is_started_again(here: Served, chat: Chat):
    worker = worker_of(here.cloud)
    worker.kill()
    statuses = {ask(here, chat, {"messages": HELLO, "max_tokens": 1}).status for _ in range(2)}
    assert 200 in statuses


def test_a_deleted_endpoint_answers_no_more(here: Served, chat: Chat):
    workspace = here.cloud.shared["workspace"]
    endpoint = Endpoint("td-gone", workspace.endpoints["td-chat"].model, provisioning="Succeeded")
    workspace.endpoints["td-gone"] = endpoint
    gone = chat[0].replace("td-chat", "td-gone"), endpoint.primary_key
    assert ask(here, gone, {"messages": HELLO, "max_tokens": 1}).status == 200
    assert here.arm("DELETE", "/serverlessEndpoints/td-gone", ENDPOINTS).status == 202
    assert ask(here, gone, {"messages": HELLO, "max_tokens": 1}).status == 404
