"""The scoring script's answers have the shapes that a serverless endpoint's have."""

import json
from typing import Any

import pytest

from localcloud.scoring import shapes
from scorer.prompt import End, Text
from scorer.shaping import DONE, Frame

ONE = [(0, Text("Hel")), (0, Text("lo.")), (0, End("stop", 3, 2))]
SILENT = [(0, End("length", 3, 1))]
TWO = [*ONE, (1, Text("Bye")), (1, End("length", 3, 9))]
UNLIKE = ("id", "created")


def comparable(answer: dict[str, Any]) -> dict[str, Any]:
    assert set(UNLIKE) <= set(answer)
    return {name: value for name, value in answer.items() if name not in UNLIKE}


def serverless(pieces: list[tuple[int, Text | End]]) -> list[dict[str, Any]]:
    """Return the events in which the stand-in for serverless endpoints streams these pieces."""
    frame, ends, events = shapes.Frame("m"), [], []
    last = len([piece for _, piece in pieces if isinstance(piece, End)])
    for place, (index, piece) in enumerate(pieces):
        if place == 0 or pieces[place - 1][0] != index:
            events.append(frame.piece(index, {"role": "assistant", "content": ""}))
        if isinstance(piece, Text):
            events.append(frame.piece(index, {"content": piece.text}))
            continue
        ends.append(piece)
        usage = {"usage": shapes.usage_of(ends)} if len(ends) == last else {}
        events.append(frame.piece(index, {"content": ""}, piece, **usage))
    return [json.loads(event.removeprefix(b"data: ")) for event in events]


@pytest.mark.parametrize("pieces", [ONE, SILENT, TWO])
def test_a_whole_answer(pieces):
    texts = ["".join(p.text for i, p in pieces if i == number and isinstance(p, Text)) for number in (0, 1)]
    ends = [piece for _, piece in pieces if isinstance(piece, End)]
    expected = shapes.Frame("m").whole(texts[: len(ends)], ends)
    assert comparable(json.loads(Frame("m").whole(pieces))) == comparable(expected)


@pytest.mark.parametrize("pieces", [ONE, SILENT, TWO])
def test_a_streamed_answer(pieces):
    choices = len([piece for _, piece in pieces if isinstance(piece, End)])
    *events, done = Frame("m").streamed(pieces, choices, usage_apart=False)
    assert done == DONE
    assert all(event.startswith(b"data: ") and event.endswith(b"\n\n") for event in events)
    told = [comparable(json.loads(event.removeprefix(b"data: "))) for event in events]
    assert told == [comparable(event) for event in serverless(pieces)]


def test_usage_comes_apart_where_it_was_asked_for():
    *_, usage, done = Frame("m").streamed(ONE, 1, usage_apart=True)
    told = json.loads(usage.removeprefix(b"data: "))
    assert (told["choices"], told["usage"]["total_tokens"], done) == ([], 5, DONE)


def test_all_events_of_an_answer_have_one_id():
    events = list(Frame("m").streamed(TWO, 2, usage_apart=True))[:-1]
    assert len({json.loads(event.removeprefix(b"data: "))["id"] for event in events}) == 1
