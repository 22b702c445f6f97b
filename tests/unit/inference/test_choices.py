"""Several choices are several calls side by side: merged, counted together, ended together."""

import asyncio

import pytest

from shared.errors import ServiceUnavailable, TooManyRequests
from tests.fakes_inference import BAD, USAGE, FakeChatModel, deltas, hanging, message
from tests.unit.inference.asking import KEY, Asking, asked

WAYS = ["whole", "streamed"]


def saying(*texts: str) -> Asking:
    """Return a model that says these, one to each call."""
    return Asking(chat=FakeChatModel(each=[[message(text)] for text in texts]))


def streaming(*streams) -> Asking:
    return Asking(chat=FakeChatModel(each=list(streams)))


async def test_choices_are_numbered_and_counted_together():
    asking = saying("one", "two", "three")
    body = (await asking.whole(asked(n=3))).body
    assert [(choice["index"], choice["message"]["content"]) for choice in body["choices"]] == [
        (0, "one"),
        (1, "two"),
        (2, "three"),
    ]
    assert body["usage"] == {name: 3 * count for name, count in USAGE.items()}


async def test_streams_are_numbered_and_counted_together():
    asking = streaming(deltas("a", "b"), deltas("c"), deltas())
    outcome = await asking.streamed(asked(n=3, stream_options={"include_usage": True}))
    assert [outcome.text(index) for index in range(3)] == ["ab", "c", ""]
    assert [outcome.finish(index) for index in range(3)] == ["stop"] * 3
    assert outcome.chunks[-1]["usage"] == {name: 3 * count for name, count in USAGE.items()}
    assert outcome.chunks[-1]["choices"] == []
    assert {choice["index"] for choice in outcome.chunks[0]["choices"]} == {0, 1, 2}


@pytest.mark.parametrize(
    ("more", "sent"),
    [
        ({}, [{}, {}]),
        ({"seed": 5}, [{"seed": 5}, {"seed": 6}]),
        ({"temperature": 0.5}, [{"temperature": 0.5}, {"temperature": 0.5}]),
    ],
)
async def test_each_call_asks_for_one_choice(more, sent):
    for way in WAYS:
        asking = Asking()
        await getattr(asking, way)(asked(n=2, **more))
        assert [{name: call[name] for name in call if name != "messages"} for call in asking.chat.asked] == sent


async def test_one_choice_that_is_blocked_leaves_the_others():
    body = (await saying("good", BAD, "fine").whole(asked(n=3))).body
    assert [choice["finish_reason"] for choice in body["choices"]] == ["stop", "content_filter", "stop"]
    assert [choice["message"]["content"] for choice in body["choices"]] == ["good", "", "fine"]


async def test_one_stream_that_is_blocked_ends_and_the_others_go_on():
    gate = asyncio.Event()

    class Gated(FakeChatModel):
        async def stream(self, deployment, request):
            place = len(self.asked)
            async for chunk in super().stream(deployment, request):
                yield chunk
                if place == 0:
                    await asyncio.wait_for(gate.wait(), 5)

        def blocked(self):
            return self.canceled == 1

    chat = Gated(
        each=[deltas("all ", "is ", "well"), [*deltas("a " * 100, BAD + " b" * 900, finish=None), hanging]]
    )
    asking = Asking(chat=chat)
    chunks = await asking.inference().stream({**asked(n=2), "stream": True}, KEY)
    seen = []
    async for chunk in chunks:
        for choice in chunk["choices"]:
            seen.append((choice["index"], choice["finish_reason"]))
            if choice["finish_reason"] == "content_filter":
                gate.set()
    assert (1, "content_filter") in seen
    assert (0, "stop") in seen
    assert chat.blocked()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("error", "status"), [(ServiceUnavailable("model", "500"), 502), (TooManyRequests("model", "429", 7), 429)]
)
async def test_one_call_that_fails_ends_the_others(error, status, way):
    calls = 0

    async def second_fails():
        nonlocal calls
        calls += 1
        if calls == 2:
            raise error
        await hanging()

    asking = Asking(chat=FakeChatModel(trouble=second_fails))
    outcome = await getattr(asking, way)(asked(n=3))
    assert (outcome.status, outcome.chunks) == (status, [])
    assert (asking.chat.ended, asking.chat.canceled) == (3, 2)
    assert len(asyncio.all_tasks()) == 1


async def test_one_stream_that_breaks_cuts_all():
    asking = streaming(
        [*deltas("Hello", finish=None), ServiceUnavailable("model", "no answer")],
        [*deltas("there", finish=None), hanging],
    )
    outcome = await asking.streamed(asked(n=2))
    assert outcome.cut is not None
    assert (asking.chat.ended, asking.chat.canceled) == (2, 1)
    assert len(asyncio.all_tasks()) == 1


@pytest.mark.parametrize("way", WAYS)
async def test_a_blocked_prompt_ends_every_call(way):
    asking = Asking(chat=FakeChatModel(trouble=hanging))
    assert (await getattr(asking, way)(asked(BAD, n=4))).code == "content_filter"
    assert (asking.chat.ended, asking.chat.canceled) == (4, 4)


async def test_a_client_that_leaves_ends_every_call():
    chat = FakeChatModel(chunks=[*deltas(*["word "] * 200, finish=None), hanging])
    stream = await Asking(chat=chat).inference().stream({**asked(n=3), "stream": True}, KEY)
    for _ in range(2):
        await anext(stream)
    await stream.aclose()
    assert (chat.ended, chat.canceled) == (3, 3)
    assert len(asyncio.all_tasks()) == 1


async def test_a_model_that_gives_more_than_it_was_asked_for_is_not_listened_to():
    body = (await Asking(chat=FakeChatModel(choices=[message("one"), message(BAD)])).whole(asked())).body
    assert [choice["message"]["content"] for choice in body["choices"]] == ["one"]
