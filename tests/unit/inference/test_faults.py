"""Whatever fails, and however: an error that clients understand, never text that nobody checked."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.core.holdback import Pace
from shared.core.policy import Policy
from shared.errors import NotFound, ServiceRefused, ServiceUnavailable, TimedOut, TooManyRequests
from shared.inference.patience import Patience
from shared.ports import Analysis
from tests.fakes_inference import BAD, CLEAN, FakeChatModel, FakeSafety, deltas, hanging, raising
from tests.unit.inference.asking import KEY, NOW, SERVED, Asking, asked

SAFETY_FAULTS = {
    "500": raising(ServiceUnavailable("content safety", "500")),
    "429": raising(TooManyRequests("content safety", "429", 0)),
    "429, come back in 15 days": raising(TooManyRequests("content safety", "429", 1_296_000)),
    "no answer": raising(ServiceUnavailable("content safety", "no answer (ServerDisconnectedError)")),
    "401": raising(ServiceRefused("content safety", "401", 401)),
    "hangs": hanging,
}


@pytest.mark.parametrize("way", ["whole", "streamed"])
@pytest.mark.parametrize("trouble", SAFETY_FAULTS.values(), ids=SAFETY_FAULTS.keys())
async def test_without_content_safety_there_is_a_503(trouble, way):
    asking = Asking(safety=FakeSafety(trouble=trouble))
    outcome = await getattr(asking, way)(asked())
    assert (outcome.status, outcome.code, outcome.chunks) == (503, "content_safety_unavailable", [])
    assert asking.chat.ended == len(asking.chat.asked)


def failing_from(call, error):
    """Return a trouble that strikes from the n-th call on."""
    calls = 0

    async def trouble():
        nonlocal calls
        calls += 1
        if calls >= call:
            raise error

    return trouble


async def test_an_outage_on_the_way_cuts_the_stream_without_unchecked_text():
    safety = FakeSafety(trouble=failing_from(4, ServiceUnavailable("content safety", "500")))
    chat = FakeChatModel(chunks=deltas(*["0123456789"] * 400))
    outcome = await Asking(safety, chat, pace=Pace(first=100, later=100)).streamed(asked())
    assert outcome.cut is not None
    assert outcome.cut.code == "content_safety_unavailable"
    assert outcome.finish() is None
    assert len(outcome.text()) <= sum(map(len, safety.analysed[:3]))
    assert chat.canceled + (chat.ended - chat.canceled) == 1


async def test_an_outage_at_the_answer_is_a_503():
    safety = FakeSafety(trouble=failing_from(3, ServiceUnavailable("content safety", "500")))
    outcome = await Asking(safety).whole(asked())
    assert (outcome.status, outcome.code) == (503, "content_safety_unavailable")


async def test_one_failure_is_retried():
    tries = 0

    async def once():
        nonlocal tries
        tries += 1
        if tries == 1:
            raise ServiceUnavailable("content safety", "500")

    assert (await Asking(FakeSafety(trouble=once)).whole(asked())).status == 200


MODEL_FAULTS = [
    (ServiceUnavailable("model", "500"), 502, "model_unavailable"),
    (TimedOut("model", "no answer in time"), 504, "model_timeout"),
    (TooManyRequests("model", "429", 7), 429, "rate_limit_exceeded"),
    (ServiceRefused("model", "", 400, "content_filter"), 400, "content_filter"),
    (ServiceRefused("model", "response_format", 422, "parameter_not_supported"), 400, "parameter_not_supported"),
    (ServiceRefused("model", f"{BAD} {BAD}", 400, f"{BAD} {BAD}"), 400, "model_refused"),
    (ServiceRefused("model", "", 401), 502, "model_unavailable"),
    (NotFound("model", ""), 502, "model_unavailable"),
]


@pytest.mark.parametrize("way", ["whole", "streamed"])
@pytest.mark.parametrize(("error", "status", "code"), MODEL_FAULTS)
async def test_a_failing_model_is_told_in_our_own_words(error, status, code, way):
    outcome = await getattr(Asking(chat=FakeChatModel(trouble=raising(error))), way)(asked())
    assert (outcome.status, outcome.code) == (status, code)
    assert BAD not in json.dumps(outcome.body)


@pytest.mark.parametrize("choices", [[], None, {}, ["x"], [{"index": 0}], [{"message": {"content": 5}}]])
async def test_an_unreadable_answer_is_a_502(choices):
    outcome = await Asking(chat=FakeChatModel(choices=choices)).whole(asked())
    assert (outcome.status, outcome.code) == (502, "model_unavailable")


async def test_a_busy_model_says_when_to_come_back():
    asking = Asking(chat=FakeChatModel(trouble=raising(TooManyRequests("model", "429", 6.2))))
    with pytest.raises(Exception, match="too many") as caught:
        await asking.inference().complete(asked(), KEY)
    assert caught.value.headers == {"retry-after": "7"}


@pytest.mark.parametrize(
    "end",
    [
        [],
        [ServiceUnavailable("model", "no answer")],
        [{"choices": "none"}],
        [{"choices": [{"index": 5, "delta": {}}]}],
        [{"choices": [{"index": 0, "delta": {"content": 5}}]}],
        [{}],
    ],
    ids=["ends early", "breaks", "no choices", "unasked choice", "no text", "no chunk"],
)
async def test_a_stream_that_breaks_is_cut(end):
    outcome = await Asking(chat=FakeChatModel(chunks=[*deltas("Hello", finish=None), *end])).streamed(asked())
    assert outcome.cut is not None
    assert outcome.cut.code == "model_unavailable"
    assert outcome.finish() is None


async def test_a_client_that_leaves_ends_the_models_work():
    chat = FakeChatModel(chunks=[*deltas(*["word "] * 200, finish=None), hanging])
    stream = await Asking(chat=chat).inference().stream({**asked(), "stream": True}, KEY)
    for _ in range(2):
        await anext(stream)
    await stream.aclose()
    assert (chat.ended, chat.canceled) == (1, 1)
    assert len(asyncio.all_tasks()) == 1


async def test_a_fast_model_waits_for_slow_checks():
    release = asyncio.Event()
    given = 0

    class Endless(FakeChatModel):
        async def stream(self, deployment, request):
            nonlocal given
            for chunk in deltas(*["0123456789"] * 5_000):
                given += 10
                yield chunk

    class Slow(FakeSafety):
        async def analyze(self, text, blocklists=()):
            if "0123456789" in text:
                await release.wait()
            return Analysis(CLEAN)

    asking = Asking(Slow(), Endless(), patience=Patience(10, 10))
    reading = asyncio.create_task(asking.streamed(asked()))
    async with asyncio.timeout(5):
        while given < 8_000:  # noqa: ASYNC110 - what a generator has given is no event
            await asyncio.sleep(0)
    for _ in range(100):
        await asyncio.sleep(0)
    assert given < 10_000
    release.set()
    assert len((await reading).text()) == 50_000


async def test_a_blocked_prompt_ends_the_models_work():
    for way in ("whole", "streamed"):
        asking = Asking(chat=FakeChatModel(trouble=hanging))
        await getattr(asking, way)(asked(BAD))
        assert (asking.chat.ended, asking.chat.canceled) == (1, 1)
    assert len(asyncio.all_tasks()) == 1


async def test_a_strict_policy_asks_the_model_after_the_verdict():
    asking = Asking(policy=Policy(ask_first=True))
    for way in ("whole", "streamed"):
        assert (await getattr(asking, way)(asked(BAD))).status == 400
    assert asking.chat.asked == []
    assert (await asking.whole(asked())).status == 200
    assert (await asking.streamed(asked())).finish() == "stop"


async def test_the_model_works_while_the_prompt_is_checked():
    begun = asyncio.Event()

    class Slow(FakeSafety):
        async def analyze(self, text, blocklists=()):
            await begun.wait()  # for ever, unless the model was asked meanwhile
            return Analysis(CLEAN)

    async def begin():
        begun.set()

    asking = Asking(safety=Slow(), chat=FakeChatModel(trouble=begin))
    assert (await asking.whole(asked())).status == 200


async def test_a_replaced_deployment_is_found_by_the_next_request():
    asking = Asking(chat=FakeChatModel(trouble=raising(NotFound("model", ""))))
    inference = asking.inference()
    with pytest.raises(Exception, match="did not answer"):
        await inference.complete(asked(), KEY)
    newer = replace(SERVED, endpoint="td-r1", dataset_created=NOW + timedelta(days=1))
    asking.models.point(newer)
    assert (await inference.deployment("support", KEY)).endpoint == "td-r1"


async def test_the_table_away_is_a_503_and_not_remembered():
    asking = Asking()
    asking.models.fail_next("find", ServiceUnavailable("models", "away", 3))
    inference = asking.inference()
    with pytest.raises(Exception, match="unavailable"):
        await inference.complete(asked(), KEY)
    assert (await inference.complete(asked(), KEY))["object"] == "chat.completion"
