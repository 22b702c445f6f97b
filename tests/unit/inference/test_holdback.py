"""When a stream's first text is checked: as early as something of it can leave, however it is cut."""

import pytest

from shared.core.chat_answer import Answer
from shared.core.holdback import HeldBack, Pace


def said(text: str) -> Answer:
    return Answer(0, {"content": text}, lanes={"content": text})


@pytest.mark.parametrize(
    ("size", "asked", "left"), [(4, 120, 20), (40, 160, 40), (90, 270, 90), (300, 600, 300), (9_000, 9_000, 0)]
)
def test_the_first_check_lets_a_piece_leave(size, asked, left):
    held = HeldBack(Pace())
    held.add(said("x" * size))
    while not (texts := held.next_texts()):
        held.add(said("x" * size))
    assert [len(text) for text in texts] == [asked]
    assert sum(len(piece.words["content"]) for piece in held.passed()) == left


def test_the_checks_after_it_wait_for_what_one_analysis_costs():
    held, checks = HeldBack(Pace()), 0
    for _ in range(300):
        held.add(said("four"))
        if held.next_texts():
            checks += 1
            held.passed()
    assert checks == 2
    held.ended = True
    assert held.next_texts()
    held.passed()
    assert held.done
