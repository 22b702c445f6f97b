"""The endpoint as the real `openai` package sees it, fakes behind it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import openai
import pytest

from shared.errors import ServiceUnavailable
from tests.fakes_inference import BAD, FakeChatModel, FakeSafety, deltas, message, raising
from tests.unit.inference.asking import Asking
from tests.unit.inference.over_http import functions_over
from tests.unit.inference.test_guard import SECRET

MESSAGES = [{"role": "user", "content": "Hello?"}]


@asynccontextmanager
async def client_of(asking: Asking, key: str = SECRET) -> AsyncIterator[openai.AsyncOpenAI]:
    async with (
        functions_over(asking) as url,
        openai.AsyncOpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0) as client,
    ):
        yield client


async def test_an_answer():
    async with client_of(Asking()) as client:
        answer = await client.chat.completions.create(model="support", messages=MESSAGES)
    assert answer.choices[0].message.content == "Hello there."
    assert answer.usage.total_tokens == 8
    assert answer._request_id


async def test_a_stream_with_counts():
    async with client_of(Asking()) as client:
        stream = await client.chat.completions.create(
            model="support", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
        )
        chunks = [chunk async for chunk in stream]
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == "Hello there."
    assert chunks[-1].usage.total_tokens == 8


async def test_a_blocked_prompt():
    async with client_of(Asking()) as client:
        with pytest.raises(openai.BadRequestError) as caught:
            await client.chat.completions.create(model="support", messages=[{"role": "user", "content": BAD}])
    assert caught.value.code == "content_filter"
    assert caught.value.body["innererror"]["content_filter_result"]["violence"]["filtered"]


async def test_a_blocked_answer():
    async with client_of(Asking(chat=FakeChatModel(choices=[message(BAD)]))) as client:
        answer = await client.chat.completions.create(model="support", messages=MESSAGES)
    assert (answer.choices[0].finish_reason, answer.choices[0].message.content) == ("content_filter", "")


async def test_a_blocked_stream():
    async with client_of(Asking(chat=FakeChatModel(chunks=deltas("x" * 500, BAD)))) as client:
        stream = await client.chat.completions.create(model="support", messages=MESSAGES, stream=True)
        chunks = [chunk async for chunk in stream]
    assert chunks[-1].choices[0].finish_reason == "content_filter"
    assert BAD not in "".join(chunk.choices[0].delta.content or "" for chunk in chunks)


async def test_a_stream_that_breaks():
    broken = [*deltas("Hello", finish=None), ServiceUnavailable("model", "cut")]
    async with client_of(Asking(chat=FakeChatModel(chunks=broken))) as client:
        stream = await client.chat.completions.create(model="support", messages=MESSAGES, stream=True)
        with pytest.raises(openai.APIError) as caught:
            [chunk async for chunk in stream]
    assert caught.value.code == "model_unavailable"


async def test_a_wrong_key_and_an_unknown_model():
    async with client_of(Asking(), key="wrong") as client:
        with pytest.raises(openai.AuthenticationError):
            await client.models.list()
    async with client_of(Asking()) as client:
        with pytest.raises(openai.NotFoundError):
            await client.models.retrieve("nobody")
        assert [model.id async for model in client.models.list()] == ["support"]


async def test_an_outage_says_when_to_retry():
    safety = FakeSafety(trouble=raising(ServiceUnavailable("content safety", "503")))
    async with client_of(Asking(safety)) as client:
        with pytest.raises(openai.InternalServerError) as caught:
            await client.chat.completions.create(model="support", messages=MESSAGES)
    assert caught.value.code == "content_safety_unavailable"
    assert caught.value.response.headers["retry-after"] == "1"
