"""What a model's policy changes, and that none at all is no way through."""

import json
from datetime import timedelta

import pytest

from shared.core.policy import OptOut, Policy, policy_of
from shared.errors import ServiceRefused, ServiceUnavailable
from tests.fakes_inference import ATTACK, BAD, LISTED, LYRICS, FakeChatModel, FakeSafety, deltas, message
from tests.unit.inference.asking import KEY, NOW, Asking, asked

WAYS = ["whole", "streamed"]
OUT = OptOut("ann@example.com", "Red-teaming, ticket 17", NOW + timedelta(days=1))
SONG = f"{LYRICS} " + "la " * 60


def under(policy: Policy, **parts) -> Asking:
    asking = Asking(**parts)
    asking.policies.put("support", policy)
    return asking


def saying(text: str) -> FakeChatModel:
    return FakeChatModel(choices=[message(text)], chunks=deltas(text))


def finish_of(outcome):
    return outcome.finish() if outcome.chunks else outcome.body["choices"][0]["finish_reason"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("severity", "policy", "status", "finish"),
    [
        (3, {}, 200, "stop"),
        (4, {}, 400, None),
        (3, {"prompt": {"Violence": 3}}, 400, None),
        (6, {"prompt": {"Violence": 7}}, 200, "content_filter"),
        (5, {"prompt": {"Violence": 7}, "completion": {"Violence": 6}}, 200, "stop"),
        (2, {"completion": {"Violence": 2}}, 200, "content_filter"),
        (2, {"completion": {"Hate": 2}}, 200, "stop"),
    ],
)
async def test_each_direction_has_thresholds_of_its_own(severity, policy, status, finish, way):
    asking = under(policy_of(policy), safety=FakeSafety(severity=severity), chat=saying(BAD))
    outcome = await getattr(asking, way)(asked(BAD))
    assert outcome.status == status
    if status == 200:
        assert finish_of(outcome) == finish


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("policy", "question", "answer", "status", "finish"),
    [
        ({}, LISTED, "good", 200, "stop"),
        ({"blocklists": ["ours"]}, LISTED, "good", 400, None),
        ({"blocklists": ["ours"]}, "hi", LISTED, 200, "content_filter"),
        ({}, ATTACK, "good", 400, None),
        ({"shields": False}, ATTACK, "good", 200, "stop"),
        ({}, "hi", SONG, 200, "stop"),
        ({"protected_material": True}, "hi", SONG, 200, "content_filter"),
        ({"protected_material": True}, SONG, "good", 200, "stop"),
    ],
)
async def test_what_is_asked_of_content_safety_is_the_policys(policy, question, answer, status, finish, way):
    asking = under(policy_of(policy), chat=saying(answer))
    outcome = await getattr(asking, way)(asked(question))
    assert outcome.status == status
    if status == 200:
        assert finish_of(outcome) == finish
        assert (answer in json.dumps([outcome.body, outcome.chunks])) == (finish == "stop")
    if policy.get("shields") is False:
        assert asking.safety.shielded == []


@pytest.mark.parametrize(
    ("answer", "name", "result"),
    [
        (SONG, "protected_material_text", {"filtered": True, "detected": True}),
        (LISTED, "custom_blocklists", {"filtered": True, "details": [{"filtered": True, "id": "ours"}]}),
    ],
)
async def test_what_blocks_is_named_in_azures_words(answer, name, result):
    asking = under(policy_of({"blocklists": ["ours"], "protected_material": True}), chat=saying(answer))
    found = (await asking.whole(asked())).body["choices"][0]["content_filter_results"]
    assert found[name] == result


async def test_a_short_answer_is_nobody_elses():
    asking = under(Policy(protected_material=True), chat=saying(LYRICS))
    assert finish_of(await asking.whole(asked())) == "stop"
    assert asking.safety.compared == []


@pytest.mark.parametrize("way", WAYS)
async def test_an_opt_out_checks_nothing_and_says_so_in_each_answer(way):
    asking = under(Policy(opt_out=OUT), chat=saying(BAD))
    outcome = await getattr(asking, way)(asked(BAD))
    assert (asking.safety.analysed, asking.safety.shielded) == ([], [])
    unchecked = {"error": {"code": "content_filter_error", "message": "The contents are not filtered"}}
    mark = {
        "checked": False,
        "owner": "ann@example.com",
        "reason": "Red-teaming, ticket 17",
        "until": "2026-11-21T12:00:00+00:00",
    }
    for answer in outcome.chunks or [outcome.body]:
        assert answer["content_safety"] == mark
    first = (outcome.chunks or [outcome.body])[0]
    assert first["prompt_filter_results"] == [{"prompt_index": 0, "content_filter_results": unchecked}]
    shown = [choice for answer in (outcome.chunks[1:] or [outcome.body]) for choice in answer["choices"]]
    assert all(choice["content_filter_results"] == unchecked for choice in shown)
    text = outcome.text() if outcome.chunks else outcome.body["choices"][0]["message"]["content"]
    assert text == BAD


@pytest.mark.parametrize("way", WAYS)
async def test_an_opt_out_that_is_over_guards_again(way):
    asking = under(Policy(opt_out=OptOut("ann", "x", NOW)))
    assert (await getattr(asking, way)(asked(BAD))).code == "content_filter"


async def test_a_guarded_answer_has_no_mark():
    assert "content_safety" not in (await Asking().whole(asked())).body


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "error", [ServiceUnavailable("policy table", "away", 3), ServiceRefused("policy table", "403", 403)]
)
async def test_without_its_policy_a_model_does_not_answer(error, way):
    asking = Asking()
    asking.policies.fail_next("find", error)
    outcome = await getattr(asking, way)(asked())
    assert (outcome.status, outcome.code) == (503, "service_unavailable")
    assert (asking.chat.asked, asking.safety.analysed) == ([], [])


async def test_a_policy_that_could_not_be_read_is_read_again():
    asking = Asking()
    asking.policies.fail_next("find", ServiceUnavailable("policy table", "away"))
    inference = asking.inference()
    with pytest.raises(Exception, match="unavailable"):
        await inference.complete(asked(), KEY)
    assert (await inference.complete(asked(), KEY))["object"] == "chat.completion"


async def test_a_changed_policy_holds_after_half_a_minute():
    asking, now = Asking(), NOW
    inference = asking.inference()
    inference._policies._recent._clock = lambda: now
    assert await inference.complete(asked(LISTED), KEY)
    asking.policies.put("support", Policy(blocklists=("ours",)))
    assert await inference.complete(asked(LISTED), KEY)
    now += timedelta(seconds=30)
    with pytest.raises(Exception, match="content management policy"):
        await inference.complete(asked(LISTED), KEY)
