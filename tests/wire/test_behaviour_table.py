"""The behaviour table over HTTP: no harmful text out, no unscanned text in, the right status and body."""

import logging
from dataclasses import replace

import pytest

from tests.wire.behaviour import NEVER, Row, ask, held
from tests.wire.behaviour_rows import answers, faults, late_faults, prompts, refusals, served, streams

WHOLE_OR_STREAMED = {**prompts(), **refusals(), **served(), **faults()}
WAYS = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


def table(rows):
    return pytest.mark.parametrize("row", rows.values(), ids=rows.keys())


@pytest.fixture(autouse=True)
def _logs_hold_no_text(caplog):
    caplog.set_level(logging.DEBUG)
    yield
    records = [one for one in caplog.get_records("call") if one.name.startswith(("shared", "functions"))]
    assert [one for one in records if any(word in one.getMessage() for word in NEVER)] == []


def test_the_table_has_what_it_should():
    assert len(WHOLE_OR_STREAMED) + len(answers()) + len(streams()) + len(late_faults()) >= 150


@WAYS
@table(WHOLE_OR_STREAMED)
async def test_a_request_gets_what_the_table_says(row: Row, stream: bool):
    got, azure = await ask(row, stream=stream)
    assert (got.status, got.code, got.cut) == (row.status, row.code, False)
    if row.status == 200:
        assert got.finishes() == row.finish
    if row.asks_model is not None:
        assert bool(azure.calls.get("model")) is row.asks_model
    if row.status == 503:
        assert int(got.headers["retry-after"]) >= 1
    held(got, azure)


@table(answers())
async def test_a_whole_answer_gets_what_the_table_says(row: Row):
    got, azure = await ask(row, stream=False)
    assert (got.status, got.code, got.finishes()) == (200, None, row.finish)
    held(got, azure)


@table(streams())
async def test_a_stream_gets_what_the_table_says(row: Row):
    got, azure = await ask(row, stream=True)
    assert (got.code, got.finishes()) == (row.code, row.finish)
    if row.cut and not got.cut:
        assert got.status != 200, "a stream that breaks before the prompt's verdict has a status of its own"
    else:
        assert (got.status, got.cut) == (200, row.cut)
        assert got.raw.endswith(b"data: [DONE]\n\n") is not row.cut
    held(got, azure)


@WAYS
@table(late_faults())
async def test_an_answer_without_a_verdict_does_not_leave(row: Row, stream: bool):
    got, azure = await ask(row, stream=stream)
    assert (got.status, got.code, got.cut) == (200 if stream else 503, row.code, stream)
    assert got.texts() == []
    held(replace(got, status=503), azure)


async def test_an_opt_out_over_http_says_so():
    policy = {"opt_out": {"owner": "ann", "reason": "red-teaming", "until": "2026-11-21T00:00:00Z"}}
    got, azure = await ask(Row(policy=policy), stream=False)
    assert got.raw.count(b'"content_safety":{"checked":false') == 1
    assert azure.calls.keys() == {"keys", "model"}
