"""How the scoring script answers: who has a place, who is gone, what breaks, and that its log tells no text."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from scorer.checkpoint import Checkpoint, load
from scorer.serving import CLIENT_GONE, Reply, Serving

BASE = Path(__file__).parents[2] / "trainer" / "base"
SECRET = "zanzibar"


@pytest.fixture(scope="module")
def base() -> Checkpoint:
    return load(BASE)


def body(**more: object) -> bytes:
    return json.dumps(
        {"messages": [{"role": "user", "content": f"Hello {SECRET}"}], "temperature": 0, **more}
    ).encode()


def stays() -> bool:
    return False


def leaving_after(words: int) -> Any:
    left = iter(range(words))
    return lambda: next(left, None) is None


def error_of(reply: Reply) -> dict[str, Any]:
    assert isinstance(reply.body, bytes)
    return json.loads(reply.body)["error"]


def events_of(reply: Reply) -> list[dict[str, Any]]:
    assert isinstance(reply.body, Iterator)
    return [json.loads(event.removeprefix(b"data: ")) for event in reply.body if b"[DONE]" not in event]


class Breaking:
    """A model that breaks at a certain token, with an error that quotes the prompt."""

    device = "cpu"

    def __init__(self, model: Any, at: int, error: type[Exception]) -> None:
        self.config, self._model, self._left, self._error = model.config, model, at, error

    def __call__(self, **arguments: Any) -> Any:
        self._left -= 1
        if self._left < 0:
            raise self._error(f"broke at {SECRET}")
        return self._model(**arguments)


def breaking(base: Checkpoint, at: int, error: type[Exception]) -> Serving:
    return Serving(Checkpoint(Breaking(base.model, at, error), base.tokenizer, base.ends), "broken")


def test_streamed_and_whole_say_the_same(base: Checkpoint):
    serving = Serving(base, "tuned")
    whole = json.loads(serving.reply(body(n=2), stays).body)
    chunks = events_of(serving.reply(body(n=2, stream=True), stays))
    for choice in whole["choices"]:
        pieces = [chunk["choices"][0] for chunk in chunks if chunk["choices"][0]["index"] == choice["index"]]
        assert "".join(piece["delta"]["content"] for piece in pieces) == choice["message"]["content"]
        assert pieces[-1]["finish_reason"] == choice["finish_reason"]
    assert chunks[-1]["usage"] == whole["usage"]
    assert (whole["model"], chunks[0]["model"]) == ("tuned", "tuned")


def test_who_finds_no_place_in_time_is_asked_to_come_again(base: Checkpoint):
    serving = Serving(base, "tuned", at_once=1, patience=0.01)
    streaming = serving.reply(body(stream=True), stays)
    refused = serving.reply(body(), stays)
    assert (refused.status, refused.headers["Retry-After"]) == (429, "1")
    assert error_of(refused)["code"] == "rate_limit_exceeded"
    events_of(streaming)
    assert serving.reply(body(), stays).status == 200


@pytest.mark.parametrize("read", [0, 1, 3])
def test_a_stream_that_is_given_up_gives_its_place_back(base: Checkpoint, read: int):
    serving = Serving(base, "tuned", at_once=1, patience=0.01)
    stream = serving.reply(body(stream=True), stays).body
    for _ in range(read):
        next(stream)
    stream.close()
    del stream
    assert serving.reply(body(), stays).status == 200


def test_a_waiting_request_gets_the_next_place(base: Checkpoint):
    serving = Serving(base, "tuned", at_once=1, patience=30)
    streaming = serving.reply(body(stream=True, max_tokens=5), stays)
    replies: list[Reply] = []
    waiting = threading.Thread(target=lambda: replies.append(serving.reply(body(), stays)))
    waiting.start()
    events_of(streaming)
    waiting.join(timeout=30)
    assert [reply.status for reply in replies] == [200]


def test_nobody_is_written_to_who_is_gone(base: Checkpoint, caplog: pytest.LogCaptureFixture):
    caplog.set_level("INFO")
    assert Serving(base, "tuned").reply(body(), leaving_after(2)).status == CLIENT_GONE
    chunks = events_of(Serving(base, "tuned").reply(body(stream=True), leaving_after(2)))
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks] == [None] * len(chunks)
    assert caplog.text.count("not to its end") == 2


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [(ZeroDivisionError, 500, "internal_error"), (torch.OutOfMemoryError, 503, "overloaded")],
)
def test_what_breaks_is_an_error_without_a_word_of_the_prompt(
    base: Checkpoint, caplog: pytest.LogCaptureFixture, error: type[Exception], status: int, code: str
):
    whole = breaking(base, 3, error).reply(body(), stays)
    assert (whole.status, error_of(whole)["code"]) == (status, code)
    early = breaking(base, 0, error).reply(body(stream=True), stays)
    assert (early.status, error_of(early)["code"]) == (status, code)
    late = breaking(base, 3, error).reply(body(stream=True), stays)
    assert (late.status, events_of(late)[-1]["error"]["code"]) == (200, code)
    assert SECRET not in caplog.text + str(whole) + str(early)
    assert "Traceback" not in caplog.text


def test_a_conversation_that_is_too_long_is_refused(base: Checkpoint):
    refused = Serving(base, "tuned").reply(body(max_tokens=1024, stream=True), stays)
    assert (refused.status, error_of(refused)["code"]) == (400, "context_length_exceeded")


def test_two_answers_grow_side_by_side(base: Checkpoint):
    serving = Serving(base, "tuned")
    one, two = (serving.reply(body(stream=True), stays).body for _ in range(2))
    assert isinstance(one, Iterator)
    assert isinstance(two, Iterator)
    together = [(next(one), next(two)) for _ in range(6)]
    assert all(b"chat.completion.chunk" in each for pair in together for each in pair)
    assert [b"".join(list(rest)).endswith(b"[DONE]\n\n") for rest in (one, two)] == [True, True]


def test_an_answer_goes_on_while_a_long_prompt_is_read(base: Checkpoint):
    stream = Serving(base, "tuned").reply(body(stream=True), stays)
    with base.reading:
        events = events_of(stream)
    assert events[-1]["choices"][0]["finish_reason"] == "stop"


def test_the_log_counts_what_it_does_not_tell(base: Checkpoint, caplog: pytest.LogCaptureFixture):
    caplog.set_level("INFO")
    answer = json.loads(Serving(base, "tuned").reply(body(), stays).body)
    usage = answer["usage"]
    assert f"{answer['id']}: {usage['prompt_tokens']} + {usage['completion_tokens']} tokens" in caplog.text
    assert SECRET not in caplog.text
    assert answer["choices"][0]["message"]["content"] not in caplog.text
