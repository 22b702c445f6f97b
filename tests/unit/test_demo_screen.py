"""The demo without a terminal: plain lines; and its waits: bounded."""

import io

import pytest
from rich.console import Console

from demo.cloud import tail_of
from demo.errors import DemoError, NoAnswerError
from demo.screen import Screen
from demo.waiting import until


@pytest.fixture
def paper() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def screen(paper: io.StringIO) -> Screen:
    return Screen(Console(file=paper, highlight=False, markup=False, emoji=False, soft_wrap=True))


def test_without_a_terminal_there_are_no_control_codes(screen, paper):
    screen.title("title")
    screen.step("step")
    screen.good("good")
    screen.bad("bad")
    screen.labelled("question", "Why? [bold]:smile:")
    with screen.bar("training") as bar:
        bar.show(0.5, "loss 1")
    assert "\x1b" not in paper.getvalue()
    assert "\r" not in paper.getvalue()
    assert "[bold]:smile:" in paper.getvalue()


def test_a_long_text_goes_on_under_its_beginning(screen, paper):
    screen.labelled("trained", "word " * 40)
    first, second, *_rest = paper.getvalue().splitlines()
    assert first.index("word") == second.index("word")
    assert max(len(line) for line in paper.getvalue().splitlines()) <= 100


def test_without_a_terminal_the_bar_writes_a_line_at_each_tenth(screen, paper):
    with screen.bar("asking") as bar:
        for number in range(101):
            bar.show(number / 100, f"{number} asked")
    lines = [line.strip() for line in paper.getvalue().splitlines()]
    assert len(lines) == 11
    assert (lines[0], lines[-1]) == ("asking 0%, 0 asked", "asking 100%, 100 asked")


def test_a_bar_that_knows_no_share_does_not_flood_the_log(screen, paper):
    with screen.bar("training") as bar:
        for loss in range(100):
            bar.show(None, f"loss {loss}")
    assert paper.getvalue() == "  training, loss 0\n"


def test_a_streamed_answer_stays_on_its_line(screen, paper):
    screen.begin("answered")
    screen.bit("Press ")
    screen.bit("it.")
    screen.end()
    assert paper.getvalue() == "  answered    Press it.\n"


def test_the_first_thing_found_is_returned_however_often_nobody_answered():
    answers = iter([NoAnswerError("away"), None, "there"])

    def found() -> str | None:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert until(found, 5, "it", pause=0) == "there"


def test_a_wait_ends_and_says_what_was_waited_for_and_why_it_did_not_come():
    def found() -> None:
        raise NoAnswerError("the host is away")

    with pytest.raises(DemoError, match=r"the run did not come within 0 s \(the last try: the host is away\)"):
        until(found, 0, "the run")


def test_an_error_that_asking_again_cannot_mend_is_not_waited_on():
    def found() -> None:
        raise DemoError("wrong key")

    with pytest.raises(DemoError, match="wrong key"):
        until(found, 60, "the run")


def test_the_tail_of_a_log_leaves_out_that_functions_ran(tmp_path):
    log = tmp_path / "functions.log"
    log.write_text(
        "Executing 'Functions.runs' (Id=1)\nboom\nExecuted 'Functions.runs' (Succeeded, Id=1)\n"
        "Executed 'Functions.runs' (Failed, Id=2)\n"
    )
    assert tail_of(log) == ["boom", "Executed 'Functions.runs' (Failed, Id=2)"]
    assert tail_of(tmp_path / "none.log") == []
