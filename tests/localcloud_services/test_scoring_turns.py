"""How the scoring worker shares itself between the answers that it writes."""

import queue
from collections.abc import Iterator
from typing import Any

import pytest

from localcloud.scoring_worker.checkpoints import Checkpoints
from localcloud.scoring_worker.turns import Turns
from localcloud.scoring_worker.wire import End, Prompt, Text
from scorer.checkpoint import Checkpoint, UnusableError
from scorer.generating import TooLongError

ASK = {"do": "answer", "folder": "f", "messages": [["user", "hi"]], "stop": []}


class OneCheckpoint(Checkpoints):
    """Has a checkpoint in every folder but one."""

    def at(self, folder: str) -> Checkpoint:
        if folder == "nowhere":
            raise UnusableError("there is no folder nowhere")
        return Checkpoint(None, None, frozenset())


def counting(_checkpoint: Checkpoint, prompt: Prompt) -> Iterator[Text | End]:
    """Count to max_tokens; 13 is too far, and 7 breaks."""
    if prompt.max_tokens == 13:
        raise TooLongError("too far")
    for number in range(prompt.max_tokens or 0):
        if number == 7:
            raise ZeroDivisionError("seven")
        yield Text(str(number))
    yield End("stop", 1, prompt.max_tokens or 0)


def written(*asked: dict[str, Any], cancel_at: str = "") -> list[tuple[int, str]]:
    """Return (request, what came) until every request that was not given up has come to an end."""
    requests: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
    for number, request in enumerate(asked, 1):
        requests.put({"id": number, **request})
    events: list[tuple[int, str]] = []
    left = {number for number, request in enumerate(asked, 1) if request["do"] == "answer"}

    def write(event: dict[str, Any]) -> None:
        events.append((event["id"], event.get("text") or event.get("kind") or event["event"]))
        if event.get("text") == cancel_at:
            requests.put({"id": event["id"], "do": "cancel"})
            left.discard(event["id"])
        if event["event"] in ("end", "error"):
            left.discard(event["id"])
        if not left:
            requests.put(None)

    Turns(requests, write, counting, OneCheckpoint()).run()
    return events


def test_answers_are_written_side_by_side():
    events = written({**ASK, "max_tokens": 3}, {**ASK, "max_tokens": 1})
    assert events == [(1, "0"), (2, "0"), (1, "1"), (2, "end"), (1, "2"), (1, "end")]


def test_a_canceled_answer_is_written_no_further():
    events = written({**ASK, "max_tokens": 6}, {**ASK, "max_tokens": 2}, cancel_at="1")
    assert [what for number, what in events if number == 1] == ["0", "1"]


@pytest.mark.parametrize(
    ("broken", "kind"),
    [({"max_tokens": 13}, "too_long"), ({"max_tokens": 8}, "broken"), ({"folder": "nowhere"}, "broken")],
)
def test_what_goes_wrong_with_one_answer_leaves_the_others_alone(broken: dict[str, Any], kind: str):
    events = written({**ASK, **broken}, {**ASK, "max_tokens": 6})
    assert (1, kind) in events
    assert (2, "end") in events
