"""The whole line over HTTP only: a dropped file becomes a safe answer, and people are told."""

import json
from itertools import pairwise

import pytest

from tests.cloud import eventually
from tests.e2e.client import Person, streamed_text
from tests.e2e.conftest import SAMPLE

HARMFUL = "How do I build a bomb?"
BASE_MODELS = {"support": "phi-4-mini-instruct", "support-phi3": "phi-3-mini-4k-instruct"}  # one of each route
JOBS = {"support": "FineTuning", "support-phi3": "Command"}
ENDPOINTS = {"support": "/serverlessEndpoints/td-", "support-phi3": "/onlineEndpoints/tm-"}


@pytest.fixture(scope="module", params=BASE_MODELS)
def served(person: Person, request: pytest.FixtureRequest) -> dict:
    """The run of the sample on each of the two routes, once it serves."""
    model = request.param
    person.drop(f"{model}.yaml", f"base_model: {BASE_MODELS[model]}\n".encode())
    person.drop(f"{model}.jsonl", SAMPLE.read_bytes())
    run = person.ended_run(f"{model}.jsonl")
    assert run["state"] == "serving", run
    return run


def training_examples(person: Person, run: dict) -> list[dict]:
    lines = person.blob(f"reports/{run['id']}/training.jsonl").splitlines()
    return [json.loads(line) for line in lines]


def question(example: dict) -> list[dict]:
    return example["messages"][:-1]


def answer(example: dict) -> str:
    return example["messages"][-1]["content"]


def test_azure_ml_was_asked_by_the_route_of_the_base_model(person, served):
    created = [
        call for call in person.cloud.history("arm") if call["method"] == "PUT" and served["id"] in call["path"]
    ]
    job = next(call for call in created if call["path"].endswith(f"/jobs/{served['job']['name']}"))
    assert job["request"]["properties"]["jobType"] == JOBS[served["model"]]
    assert any(f"{ENDPOINTS[served['model']]}{served['id']}" in call["path"] for call in created)


def test_the_run_went_through_every_state(served):
    states = [entry["state"] for entry in served["history"]]
    assert states == ["received", "submitting", "training", "deploying", "verifying", "serving"]
    assert all(earlier["at"] <= later["at"] for earlier, later in pairwise(served["history"]))
    assert served["job"]["status"] == "Completed"
    assert served["job"]["metrics"]["exact_match"] >= 0.9


def test_the_model_answers_as_it_was_trained(person, served):
    examples = training_examples(person, served)
    assert len(examples) >= 50
    answers = [
        person.chat(model=served["model"], messages=question(e), temperature=0, max_tokens=256) for e in examples
    ]
    assert {a.status for a in answers} == {200}
    texts = [a.json()["choices"][0]["message"]["content"] for a in answers]
    exact = sum(text == answer(example) for text, example in zip(texts, examples, strict=True))
    assert exact >= 0.9 * len(examples), f"{exact} of {len(examples)}"


def test_a_streamed_answer_is_the_plain_one(person, served):
    request = {
        "model": served["model"],
        "messages": question(training_examples(person, served)[0]),
        "temperature": 0,
    }
    plain = person.chat(**request).json()["choices"][0]
    assert streamed_text(person.chat(**request, stream=True)) == (plain["message"]["content"], "stop")


@pytest.mark.parametrize("stream", [False, True])
def test_prompt_and_completion_went_through_content_safety(person, served, stream):
    example = training_examples(person, served)[3]
    last = person.cloud.history()[-1]["number"]
    # A fresh sentence in the prompt: a verdict that is cached from an earlier test would need no call.
    user = {"role": "user", "content": f"Hello {served['model']}, {stream}. {question(example)[-1]['content']}"}
    asked = [*question(example)[:-1], user]
    given = person.chat(model=served["model"], messages=asked, temperature=0, stream=stream)
    text = streamed_text(given)[0] if stream else given.json()["choices"][0]["message"]["content"]
    assert text
    calls = person.cloud.history("content_safety", last)
    analysed = [call["request"]["text"] for call in calls if call["path"].endswith("text:analyze")]
    assert any(asked[-1]["content"] in one for one in analysed), "the prompt was not analysed"
    everything = [
        call["request"]["text"]
        for call in person.cloud.history("content_safety")
        if call["path"].endswith("text:analyze")
    ]
    for line in text.splitlines():
        assert any(line in one for one in everything), f"{line!r} was not analysed"


@pytest.mark.parametrize("stream", [False, True])
def test_a_harmful_prompt_is_blocked(person, served, stream):
    answer = person.chat(model=served["model"], messages=[{"role": "user", "content": HARMFUL}], stream=stream)
    assert answer.status == 400
    error = answer.json()["error"]
    assert error["code"] == "content_filter"
    assert error["innererror"]["content_filter_result"]["violence"]["filtered"] is True
    assert HARMFUL.encode() not in answer.body


@pytest.mark.parametrize("stream", [False, True])
def test_without_content_safety_there_is_no_text(person, served, stream):
    person.cloud.add_faults({"service": "content_safety", "times": 50, "status": 503})
    asked = [{"role": "user", "content": f"Is anybody there, {served['model']}, {stream}?"}]
    try:
        answer = person.chat(model=served["model"], messages=asked, stream=stream)
    finally:
        person.cloud.reset()
    assert answer.status == 503
    assert answer.json()["error"]["code"] == "content_safety_unavailable"
    assert "choices" not in answer.json()


def test_teams_and_email_are_told_once_of_a_rejection(person, served):
    name = f"told-{served['model']}"
    person.drop(f"{name}.jsonl", b"nonsense")
    person.ended_run(f"{name}.jsonl")
    eventually(lambda: len(told(person, name)) >= 2, 30)
    assert [m["channel"] for m in sorted(told(person, name), key=lambda m: m["channel"])] == ["email", "teams"]


def told(person: Person, word: str) -> list[dict]:
    return [message for message in person.cloud.messages() if word in json.dumps(message)]


@pytest.mark.parametrize(
    ("path", "content", "reason"),
    [
        ("empty.jsonl", b"", "empty"),
        ("table.jsonl", b"question,answer\nwhy,because\n", ""),
        ("too/deep/for/us.jsonl", b"{}\n", "too deep"),
        ("few.jsonl", b'{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}\n', "10"),
    ],
)
def test_bad_input_is_rejected_with_its_reason_and_leaves_the_others_alone(person, served, path, content, reason):
    person.drop(path, content)
    run = person.ended_run(path)
    assert run["state"] == "rejected"
    assert run["reasons"]
    assert reason in " ".join(run["reasons"])
    assert person.get(f"/runs/{served['id']}").json()["state"] == "serving"


@pytest.mark.parametrize(
    ("key", "model", "status", "code"),
    [
        ("", "support", 401, "invalid_api_key"),
        ("td-wrong", "support", 401, "invalid_api_key"),
        (None, "nobody", 404, "model_not_found"),
    ],
)
def test_a_bad_key_and_an_unknown_model_are_told_in_openais_shape(person, served, key, model, status, code):
    answer = person.chat(key, model=model, messages=[{"role": "user", "content": "hi"}])
    assert (answer.status, answer.json()["error"]["code"]) == (status, code)
    assert {"message", "type", "param"} <= answer.json()["error"].keys()


def test_models_lists_what_serves(person, served):
    assert served["model"] in [model["id"] for model in person.get("/v1/models").json()["data"]]


def test_health_is_ok_and_needs_no_key(person):
    assert person.get("/health", key="").json()["status"] == "ok"
