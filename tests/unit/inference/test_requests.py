"""What is taken of a request, what is refused, and what the model gets to see."""

import json
from dataclasses import replace

import pytest

from shared.core.chat_request import LARGEST, MAX_CHOICES, MAX_MESSAGES
from shared.core.model_limits import without_system
from tests.unit.inference.asking import KEY, SERVED, Asking, asked

IMAGE = {"type": "image_url", "image_url": {"url": "https://localhost/x.png"}}
USER = {"role": "user", "content": "Hello?"}


def talk(*messages):
    return {"model": "support", "messages": list(messages)}


REFUSED = [
    ([], "invalid_json", None),
    ("hello", "invalid_json", None),
    ({}, "missing_required_parameter", "model"),
    ({"model": "support"}, "missing_required_parameter", "messages"),
    ({"model": 5, "messages": [USER]}, "invalid_value", "model"),
    (talk(), "invalid_value", "messages"),
    (talk(*[USER] * (MAX_MESSAGES + 1)), "invalid_value", "messages"),
    (talk("hello"), "invalid_value", "messages[0]"),
    (talk(USER, {"role": "judge", "content": "x"}), "invalid_value", "messages[1].role"),
    (talk({"role": ["user"], "content": "x"}), "invalid_value", "messages[0].role"),
    (talk({"role": "user"}), "invalid_value", "messages[0].content"),
    (talk({"role": "user", "content": []}), "invalid_value", "messages[0].content"),
    (talk({"role": "user", "content": 5}), "invalid_value", "messages[0].content"),
    (talk({"role": "user", "content": {"text": "x"}}), "invalid_value", "messages[0].content"),
    (talk({**USER, "name": 5}), "invalid_value", "messages[0].name"),
    (talk({**USER, "mood": "x"}), "unknown_parameter", "messages[0].mood"),
    (talk({**USER, "tool_calls": {}}), "invalid_value", "messages[0].tool_calls"),
    (talk({**USER, "tool_calls": [{"id": "x"}]}), "invalid_value", "messages[0].tool_calls[0]"),
    (asked([{"type": "text"}]), "invalid_value", "messages[0].content[0].text"),
    (asked([{"type": "text", "text": "x"}, IMAGE]), "unsupported_content", "messages[0].content[1]"),
    (asked([{"type": "input_audio", "input_audio": {}}]), "unsupported_content", "messages[0].content[0]"),
    (asked([{"type": "file", "file": {}}]), "unsupported_content", "messages[0].content[0]"),
    (asked([{"type": "hologram"}]), "unsupported_content", "messages[0].content[0]"),
    (asked([{"type": ["text"], "text": "x"}]), "unsupported_content", "messages[0].content[0]"),
    (asked(modalities=["text", "audio"]), "unsupported_content", "modalities"),
    (asked(temperature="hot"), "invalid_value", "temperature"),
    (asked(max_tokens=0), "invalid_value", "max_tokens"),
    (asked(max_tokens=True), "invalid_value", "max_tokens"),
    (asked(seed=1.5), "invalid_value", "seed"),
    (asked(seed=2**63), "invalid_value", "seed"),
    (asked(seed=-(2**63)), "invalid_value", "seed"),
    (asked(max_tokens=2**63), "invalid_value", "max_tokens"),
    (asked(temperature=10**4_299), "invalid_value", "temperature"),
    (asked(logit_bias={"5": 10**4_299}), "invalid_value", "logit_bias"),
    (asked(n=MAX_CHOICES + 1), "invalid_value", "n"),
    (asked(stop=[5]), "invalid_value", "stop"),
    (asked(stream="yes"), "invalid_value", "stream"),
    (asked(tools=["look"]), "invalid_value", "tools"),
    (asked(tools=[{"type": "function", "function": {}}] * 129), "invalid_value", "tools"),
    (asked(top_logprobs=21), "invalid_value", "top_logprobs"),
    (asked(tool_choice="maybe"), "invalid_value", "tool_choice"),
    (asked(logit_bias={"word": 1}), "invalid_value", "logit_bias"),
    (asked(response_format={"type": "poem"}), "invalid_value", "response_format"),
    (asked(functions=[]), "unknown_parameter", "functions"),
    (asked(web_search_options={}), "unknown_parameter", "web_search_options"),
    (asked(surprise=1), "unknown_parameter", "surprise"),
]


@pytest.mark.parametrize(("body", "code", "param"), REFUSED)
async def test_what_cannot_be_served_is_named_and_asked_of_nobody(body, code, param):
    asking = Asking()
    outcome = await asking.whole(body)
    error = outcome.body["error"]
    assert (outcome.status, error["code"], error["param"]) == (400, code, param)
    assert error["type"] == "invalid_request_error"
    assert (asking.chat.asked, asking.safety.analysed) == ([], [])


async def test_a_number_that_has_no_64_bits_is_refused_in_words():
    outcome = await Asking().whole(asked(seed=10**4_299, n=2))
    assert "It has to lie between" in outcome.body["error"]["message"]


async def test_a_seed_that_is_counted_up_has_64_bits():
    asking = Asking()
    assert (await asking.whole(asked(seed=LARGEST, n=MAX_CHOICES))).status == 200
    assert [body["seed"].bit_length() for body in asking.chat.asked] == [63] * MAX_CHOICES


async def test_the_model_gets_what_is_known_and_nothing_else():
    asking = Asking()
    body = asked(
        [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}],
        temperature=0.5,
        max_completion_tokens=9,
        stop=None,
        user="u",
        metadata={"a": "b"},
        store=True,
        stream_options={"include_usage": True},
        parallel_tool_calls=False,
    )
    assert (await asking.whole(body)).status == 200
    message = {"role": "user", "content": "a\nb"}
    assert asking.chat.asked == [{"messages": [message], "temperature": 0.5, "max_tokens": 9}]


async def test_an_answer_can_be_sent_back_as_it_came():
    asking = Asking()
    answer = (await asking.whole(asked())).body["choices"][0]["message"]
    echoed = {**answer, "annotations": [], "audio": None, "function_call": None, "tool_calls": None}
    assert (await asking.whole(talk(USER, echoed, USER))).status == 200
    assert asking.chat.asked[1]["messages"][1] == {"role": "assistant", "content": "Hello there."}


async def test_a_header_drops_what_is_unknown():
    asking = Asking()
    assert (await asking.whole(asked(surprise=1), drop_unknown=True)).status == 200
    assert "surprise" not in asking.chat.asked[0]


@pytest.mark.parametrize(
    ("key", "model", "status"),
    [
        (KEY, "support", 200),
        (KEY, "nobody", 404),
        (replace(KEY, models=frozenset({"other"})), "support", 404),
        (replace(KEY, models=frozenset({"support"})), "support", 200),
    ],
)
async def test_a_model_is_found_by_its_name_where_the_key_allows(key, model, status):
    asking = Asking()
    outcome = await asking.whole({**asked(), "model": model}, key)
    assert outcome.status == status
    if status == 404:
        assert outcome.code == "model_not_found"
        assert asking.chat.asked == []


@pytest.mark.parametrize(
    ("messages", "folded"),
    [
        ([("user", "hi")], [("user", "hi")]),
        ([("system", "be kind"), ("user", "hi")], [("user", "be kind\n\nhi")]),
        (
            [("system", "a"), ("assistant", "x"), ("system", "b"), ("user", "hi")],
            [("assistant", "x"), ("user", "a\n\nb\n\nhi")],
        ),
        ([("system", "a"), ("assistant", "x")], [("user", "a"), ("assistant", "x")]),
    ],
)
def test_system_text_goes_to_the_first_user_turn(messages, folded):
    def talk(pairs):
        return [{"role": role, "content": content} for role, content in pairs]

    assert without_system(talk(messages)) == talk(folded)


@pytest.mark.parametrize(
    ("base", "roles"),
    [
        ("Phi-4-mini-instruct", ["system", "user"]),
        ("Phi-3.5-mini-instruct", ["system", "user"]),  # on the managed route our own scoring script writes it
        ("Phi-3-medium-4k-instruct", ["user"]),
    ],
)
async def test_only_models_that_ignore_system_text_get_it_folded(base, roles):
    asking = Asking()
    deployment = replace(SERVED, base_model=base)
    body = talk({"role": "system", "content": "Be kind."}, USER)
    assert (await asking.inference().ask(deployment, body))["choices"]
    assert [message["role"] for message in asking.chat.asked[0]["messages"]] == roles


async def test_one_short_message_costs_three_checks():
    asking = Asking()
    await asking.whole(asked())
    assert asking.safety.analysed == ["Hello?", "Hello there."]
    assert asking.safety.shielded == [("Hello?", ())]


async def test_an_answer_looks_like_openai_s_with_azure_s_annotations():
    body = (await Asking().whole(asked())).body
    assert json.loads(json.dumps(body)) == body
    safe = {"filtered": False, "severity": "safe"}
    safes = dict.fromkeys(("hate", "self_harm", "sexual", "violence"), safe)
    assert body.pop("id").startswith("chatcmpl-")
    assert body == {
        "object": "chat.completion",
        "created": 1795176000,
        "model": "support",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello there.", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
                "content_filter_results": safes,
            }
        ],
        "usage": {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8},
        "prompt_filter_results": [
            {
                "prompt_index": 0,
                "content_filter_results": {**safes, "jailbreak": {"filtered": False, "detected": False}},
            }
        ],
    }


@pytest.mark.parametrize("include", [True, False])
async def test_a_stream_begins_with_the_role_and_ends_with_the_counts_where_asked(include):
    outcome = await Asking().streamed(asked(stream_options={"include_usage": include}))
    first, *middle = outcome.chunks
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert first["prompt_filter_results"][0]["prompt_index"] == 0
    if include:
        assert middle.pop() | {"id": ""} == {
            "id": "",
            "object": "chat.completion.chunk",
            "created": 1795176000,
            "model": "support",
            "choices": [],
            "usage": {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8},
        }
    assert all(("usage" in chunk) == include for chunk in middle)
    assert all("delta" in choice for chunk in middle for choice in chunk["choices"])
    assert (outcome.text(), outcome.finish()) == ("Hello there.", "stop")
    assert len({chunk["id"] for chunk in outcome.chunks}) == 1
