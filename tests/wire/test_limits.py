"""Limits over HTTP: what a client is told, and that the openai package understands it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import openai
import pytest

from tests.fakes_inference import BAD, USAGE, FakeChatModel, deltas
from tests.unit.inference.asking import Asking
from tests.unit.inference.over_http import functions_over
from tests.unit.inference.test_guard import KEY, SECRET

MESSAGES = [{"role": "user", "content": "Hello?"}]


@asynccontextmanager
async def client_of(asking: Asking | None = None, **limits: int) -> AsyncIterator[openai.AsyncOpenAI]:
    async with (
        functions_over(asking or Asking(), replace(KEY, **limits)) as url,
        openai.AsyncOpenAI(base_url=f"{url}/v1", api_key=SECRET, max_retries=0) as client,
    ):
        yield client


async def test_a_used_up_limit_is_a_rate_limit_error():
    async with client_of(requests_per_minute=1) as client:
        answer = await client.chat.completions.with_raw_response.create(model="support", messages=MESSAGES)
        assert answer.headers["x-ratelimit-remaining-requests"] == "0"
        with pytest.raises(openai.RateLimitError) as caught:
            await client.chat.completions.create(model="support", messages=MESSAGES)
        assert [model.id async for model in client.models.list()] == ["support"]  # not limited
    assert (caught.value.code, caught.value.type) == ("rate_limit_exceeded", "requests")
    assert 1 <= int(caught.value.response.headers["retry-after"]) <= 60


async def test_tokens_are_counted_as_the_model_counts():
    counted = {"stream": True, "stream_options": {"include_usage": True}}
    async with client_of(tokens_per_minute=60) as client:
        answers = client.chat.completions.with_raw_response
        first = await answers.create(model="support", messages=MESSAGES)  # the fake tells 8 tokens
        assert first.headers["x-ratelimit-limit-tokens"] == "60"
        assert first.headers["x-ratelimit-remaining-tokens"] == "52"
        stream = await answers.create(model="support", messages=MESSAGES, **counted)
        [chunk async for chunk in stream.parse()]
        last = await answers.create(model="support", messages=MESSAGES)
    assert 36 <= int(last.headers["x-ratelimit-remaining-tokens"]) <= 52  # one comes back each second


LONG = "word " * 400
CALLS = [{"index": 0, "id": "c1", "function": {"name": "look", "arguments": LONG}}]
SAID = [{"content": LONG}, {"reasoning_content": LONG}, {"refusal": LONG}, {"tool_calls": CALLS}]


@pytest.mark.parametrize("counted", [True, False], ids=["counted", "not counted"])
@pytest.mark.parametrize("words", SAID, ids=[next(iter(words)) for words in SAID])
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
async def test_all_that_the_model_says_takes_tokens(stream, words, counted):
    told = {"usage": {**USAGE, "total_tokens": 500} if counted else None}
    said = {"choices": [{"index": 0, "delta": words, "message": words, "finish_reason": "stop"}], **told}

    class Model(FakeChatModel):
        async def complete(self, deployment, request):
            return said

    async with client_of(Asking(chat=Model(chunks=[said])), tokens_per_minute=400) as client:
        answer = await client.chat.completions.create(model="support", messages=MESSAGES, stream=stream)
        if stream:
            [chunk async for chunk in answer]
        with pytest.raises(openai.RateLimitError) as caught:
            await client.chat.completions.create(model="support", messages=MESSAGES)
    assert caught.value.type == "tokens"


async def test_a_stream_is_counted_though_its_count_comes_last_and_the_client_wants_none():
    chunks = [*deltas("Hello"), {"choices": [], "usage": {**USAGE, "total_tokens": 500}}]
    chunks[-2] = {**chunks[-2], "usage": None}
    async with client_of(Asking(chat=FakeChatModel(chunks=chunks)), tokens_per_minute=400) as client:
        stream = await client.chat.completions.create(model="support", messages=MESSAGES, stream=True)
        assert all(chunk.usage is None for chunk in [chunk async for chunk in stream])
        with pytest.raises(openai.RateLimitError):
            await client.chat.completions.create(model="support", messages=MESSAGES)


async def test_a_refused_request_takes_no_tokens():
    async with client_of(tokens_per_minute=600) as client:
        for _ in range(30):
            with pytest.raises(openai.BadRequestError):
                await client.chat.completions.create(
                    model="support", messages=[{"role": "user", "content": BAD * 20}]
                )
