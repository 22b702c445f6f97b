"""Verdicts are remembered, so a conversation that grows does not cost more with each turn."""

import asyncio

import pytest

from shared.core.policy import Policy
from shared.core.questions import Kind, Question
from shared.errors import ServiceUnavailable
from shared.inference.patience import Patience
from shared.inference.verdict_cache import VerdictCache
from shared.ports import Analysis
from tests.fakes_inference import ATTACK, BAD, CLEAN, FakeChatModel, FakeSafety, deltas, message, raising
from tests.unit.inference.asking import KEY, Asking, asked


def outcome_of(error: Exception) -> str:
    return getattr(error, "code", "")


async def answered(inference, body) -> str:
    """Return "ok" or the error's code."""
    try:
        await inference.complete(body, KEY)
    except Exception as error:  # noqa: BLE001 - named below
        return outcome_of(error)
    return "ok"


@pytest.mark.parametrize(
    ("text", "outcome"), [("Hello?", "ok"), (BAD, "content_filter"), (ATTACK, "content_filter")]
)
async def test_a_text_that_was_judged_is_not_judged_again(text, outcome):
    asking = Asking()
    inference = asking.inference()
    for _ in range(3):
        assert await answered(inference, asked(text)) == outcome
        await asyncio.sleep(0)
    assert asking.safety.analysed.count(text) == 1
    assert len(asking.safety.shielded) <= 1


async def test_what_was_not_judged_is_not_remembered():
    asking = Asking(FakeSafety(trouble=raising(ServiceUnavailable("content safety", "500"))))
    inference = asking.inference()
    assert await answered(inference, asked()) == "content_safety_unavailable"
    asking.safety.trouble = FakeSafety().trouble
    assert await answered(inference, asked()) == "ok"
    assert await answered(inference, asked(BAD)) == "content_filter"


async def test_another_policy_asks_anew():
    asking = Asking()
    inference = asking.inference()
    await answered(inference, asked())
    before = len(asking.safety.analysed)
    inference._policies._recent.forget("support")
    asking.policies.put("support", Policy(blocklists=("ours",)))
    await answered(inference, asked())
    assert len(asking.safety.analysed) == before + 2


LONG = "What about the plants on the northern balcony in a cold winter, number {}? "


@pytest.mark.parametrize("way", ["whole", "streamed"])
@pytest.mark.parametrize("words", [1, 60], ids=["short turns", "turns of 4,500 characters"])
async def test_a_turn_costs_the_same_however_long_the_conversation_is(way, words):
    asking = Asking()
    inference = asking.inference()
    tools = [{"type": "function", "function": {"name": "look", "description": "Looks. " * 3_000}}]
    messages = [{"role": "system", "content": "Be kind. " * 100}]
    costs = []
    for turn in range(24):
        messages.append({"role": "user", "content": LONG.format(turn) * words})
        answer = f"Answer number {turn}. " * words
        asking.chat.choices, asking.chat.chunks = [message(answer)], deltas(answer)
        before = len(asking.safety.analysed) + len(asking.safety.shielded)
        body = {"model": "support", "messages": messages, "tools": tools}
        if way == "whole":
            await inference.complete(body, KEY)
        else:
            async for _chunk in await inference.stream({**body, "stream": True}, KEY):
                pass
        costs.append(len(asking.safety.analysed) + len(asking.safety.shielded) - before)
        messages.append({"role": "assistant", "content": answer})
    assert max(costs[12:]) <= max(costs[1:12])
    assert max(costs[1:]) <= 12


async def test_a_phrase_split_over_turns_is_seen_although_each_turn_was_judged():
    asking = Asking()
    inference = asking.inference()
    messages = [{"role": "user", "content": f"Turn {n}." + " word" * 400} for n in range(12)]
    assert await answered(inference, {"model": "support", "messages": messages}) == "ok"
    messages += [{"role": "user", "content": "so BAD"}]
    assert await answered(inference, {"model": "support", "messages": messages}) == "ok"
    messages += [{"role": "user", "content": "WORD it is"}]
    assert await answered(inference, {"model": "support", "messages": messages}) == "content_filter"


def test_judgements_are_bounded_in_number_and_age():
    now = 0.0
    cache = VerdictCache(lambda: now, most=2, kept=10)
    clean = Analysis(CLEAN)
    for key in (b"a", b"b"):
        cache.put(key, clean)
    assert cache.get(b"a") is clean
    cache.put(b"c", True)
    assert (cache.get(b"b"), cache.get(b"a"), cache.get(b"c")) == (None, clean, True)
    now = 10.1
    assert cache.get(b"a") is None
    assert (cache.hits, cache.misses) == (3, 2)


def test_a_judgement_that_is_false_is_one():
    cache = VerdictCache()
    cache.put(b"a", False)
    assert cache.get(b"a") is False


def test_each_question_has_a_digest_of_its_own():
    questions = [
        Question(Kind.ANALYSIS, "a"),
        Question(Kind.SHIELD, "a"),
        Question(Kind.PROTECTED, "a"),
        Question(Kind.SHIELD, "a", ("b",)),
        Question(Kind.SHIELD, "a", ("b", "c")),
        Question(Kind.SHIELD, "a", ("bc",)),
        Question(Kind.SHIELD, "a1 b"),
        Question(Kind.ANALYSIS, "\ud800"),
    ]
    digests = {question.digest(version) for question in questions for version in ("v1", "v2")}
    assert len(digests) == 2 * len(questions)


@pytest.mark.parametrize(("turns", "outcome"), [((1_000,), "too_many_texts"), ((400, 700, 999, 1_000), "ok")])
async def test_a_prompt_takes_a_thousand_calls_at_most_and_what_is_remembered_takes_none(turns, outcome):
    asking = Asking(patience=Patience())
    inference = asking.inference()
    messages = [{"role": "user", "content": f"Question {n}."} for n in range(1_000)]
    for count in turns:
        assert await answered(inference, {"model": "support", "messages": messages[:count]}) == outcome
    assert bool(asking.safety.analysed) is (outcome == "ok")


async def test_a_request_does_not_take_all_of_content_safety():
    most = now = 0

    async def counting():
        nonlocal most, now
        now += 1
        most = max(most, now)
        try:
            await asyncio.sleep(0)
        finally:
            now -= 1

    asking = Asking(FakeSafety(trouble=counting), FakeChatModel(), patience=Patience())  # on a busy machine too
    messages = [{"role": "user", "content": f"Question {n}."} for n in range(300)]
    assert (await asking.whole({"model": "support", "messages": messages})).status == 200
    assert 20 < most <= 50
