"""Fakes fail when told to, once per telling, before or after the call took effect."""

import pytest

from shared.errors import ServiceUnavailable
from tests.fakes import FakeDatasets, FakeQueue

DOWN = ServiceUnavailable("run queue", "down")


@pytest.mark.parametrize(("after", "put"), [(False, []), (True, ["r0"])])
def test_a_call_fails_before_or_after_its_effect(after: bool, put: list[str]):
    queue = FakeQueue()
    queue.fail_next("put", DOWN, after=after)
    with pytest.raises(ServiceUnavailable):
        queue.put("r0")
    assert queue.ids == put
    queue.put("r1")
    assert queue.ids == [*put, "r1"]


def test_each_telling_is_one_failure():
    queue = FakeQueue()
    queue.fail_next("put", DOWN)
    queue.fail_next("put", DOWN)
    for _ in range(2):
        with pytest.raises(ServiceUnavailable):
            queue.put("r0")
    queue.put("r0")


@pytest.mark.parametrize(("after", "read"), [(False, 0), (True, 1)])
def test_a_reading_fails_before_its_first_piece_or_after_its_last(after: bool, read: int):
    datasets = FakeDatasets()
    datasets.drop("a.jsonl", b"x")
    datasets.fail_next("chunks", DOWN, after=after)
    pieces = datasets.chunks("a.jsonl")
    assert [next(pieces) for _ in range(read)] == [b"x"] * read
    with pytest.raises(ServiceUnavailable):
        next(pieces)


@pytest.mark.parametrize(("after", "seen"), [(False, []), (True, ["r0"])])
def test_somebody_else_acts_in_the_middle_of_a_call(after, seen):
    queue, found = FakeQueue(), []
    queue.meanwhile("put", lambda: found.extend(queue.ids), after=after)
    queue.put("r0")
    assert (found, queue.called) == (seen, {"put": 1})


def test_a_fake_that_recovered_fails_no_more():
    queue = FakeQueue()
    queue.fail_next("put", DOWN)
    queue.recover()
    queue.put("r0")
    assert queue.ids == ["r0"]
