"""What the scoring script takes, and how it says no."""

import json

import pytest

from scorer.prompt import Prompt
from scorer.reading import LONGEST_BODY, Asked, asked_for
from scorer.refusals import Refusal

HI = [{"role": "user", "content": "Hi"}]
SECRET = "zanzibar"


def body(**more: object) -> bytes:
    return json.dumps({"messages": HI, **more}).encode()


@pytest.mark.parametrize(
    ("raw", "asked"),
    [
        (body(), Asked(Prompt((("user", "Hi"),)))),
        (body(temperature=None, stop=None, tools=None), Asked(Prompt((("user", "Hi"),)))),
        (body(logprobs=False, tools=[], tool_choice="none"), Asked(Prompt((("user", "Hi"),)))),
        (body(model="m", stream=True), Asked(Prompt((("user", "Hi"),)), "m", stream=True)),
        (
            body(stream=True, stream_options={"include_usage": True}),
            Asked(Prompt((("user", "Hi"),)), stream=True, usage_apart=True),
        ),
        (body(stop="x"), Asked(Prompt((("user", "Hi"),), stop=("x",)))),
        (body(stop=["x", "y"]), Asked(Prompt((("user", "Hi"),), stop=("x", "y")))),
        (
            body(max_tokens=7, temperature=0, top_p=0.5, presence_penalty=1, frequency_penalty=-2, seed=-3),
            Asked(Prompt((("user", "Hi"),), 7, 0, 0.5, 1, -2, (), -3)),
        ),
        (
            body(
                messages=[
                    {"role": "system", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}
                ]
            ),
            Asked(Prompt((("system", "ab"),))),
        ),
    ],
)
def test_what_is_asked_for(raw: bytes, asked: Asked):
    assert asked_for(raw) == asked


@pytest.mark.parametrize(
    ("raw", "code", "param"),
    [
        (b"", "invalid_json", None),
        (b"{" + SECRET.encode(), "invalid_json", None),
        (b"[" * 100_000, "invalid_json", None),
        (b"[]", "invalid_json", None),
        (b'{"messages": "\\ud800"}', "invalid_json", None),
        (b" " * (LONGEST_BODY + 1), "request_too_large", None),
        (b"{}", "missing_required_parameter", "messages"),
        (body(messages=[]), "unsupported_value", "messages"),
        (body(messages=SECRET), "unsupported_value", "messages"),
        (body(messages=[SECRET]), "unsupported_value", "messages"),
        (body(messages=[{"role": "tool", "content": SECRET}]), "unsupported_value", "messages"),
        (body(messages=[{"role": ["user"], "content": SECRET}]), "unsupported_value", "messages"),
        (body(messages=[{"role": "user", "content": [{"type": "image_url"}]}]), "unsupported_value", "messages"),
        (body(messages=[{"role": "user", "content": [{"type": "text"}]}]), "unsupported_value", "messages"),
        (body(messages=[{"role": "user"}]), "unsupported_value", "messages"),
        (body(max_tokens=0), "unsupported_value", "max_tokens"),
        (body(max_tokens=True), "unsupported_value", "max_tokens"),
        (body(temperature=2.1), "unsupported_value", "temperature"),
        (body(temperature=float("nan")), "unsupported_value", "temperature"),
        (body(top_p=0), "unsupported_value", "top_p"),
        (body(n=9), "unsupported_value", "n"),
        (body(seed=0.5), "unsupported_value", "seed"),
        (body(stop=[SECRET] * 5), "unsupported_value", "stop"),
        (body(stop=[""]), "unsupported_value", "stop"),
        (body(stream="yes"), "unsupported_value", "stream"),
        (body(logprobs=True), "unsupported_value", "logprobs"),
        (body(top_logprobs=2), "unsupported_value", "top_logprobs"),
        (body(logit_bias={"1": 100}), "unsupported_value", "logit_bias"),
        (body(tools=[{"type": "function"}]), "unsupported_value", "tools"),
        (body(response_format={"type": "json_object"}), "unsupported_value", "response_format"),
        (body(best_of=2), "unknown_parameter", "best_of"),
    ],
)
def test_what_is_refused_names_the_parameter_and_repeats_nothing(raw: bytes, code: str, param: str | None):
    with pytest.raises(Refusal) as refused:
        asked_for(raw)
    error = json.loads(refused.value.body())["error"]
    assert refused.value.status == 400
    assert (error["code"], error["param"], error["type"]) == (code, param, "invalid_request_error")
    assert SECRET not in str(error)


def test_each_choice_has_a_seed_of_its_own():
    asked = asked_for(body(n=3, seed=5))
    assert [prompt.seed for prompt in asked.prompts()] == [5, 6, 7]
    assert [prompt.seed for prompt in asked_for(body(n=2)).prompts()] == [None, None]
