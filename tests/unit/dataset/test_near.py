"""Near copies: found in one file and across both, kept on one side of the split, and not seen where none are."""

import random
from zlib import crc32

import pytest

from shared.core.dataset.sketches import Sketches, sketch
from tests.unit.dataset.examples import check, codes, file_of, line, say

DRAW = random.Random(11)
WORDS = [f"w{number}" for number in range(5_000)]


def text(count: int, draw: random.Random = DRAW) -> str:
    return " ".join(draw.choices(WORDS, k=count))


def changed(original: str, places: int) -> str:
    """The text with so many of its words replaced, evenly spread."""
    words = original.split()
    for place in range(places):
        words[place * len(words) // places] = "other"
    return " ".join(words)


def example(answer: str, question: str = "Why?", system: str = "Help.") -> bytes:
    return line(say("system", system), say("user", question), say("assistant", answer))


LONG = text(200)
OTHERS = [example(text(60), f"Question {number}?") for number in range(12)]


@pytest.mark.parametrize(
    ("others", "near"),
    [
        (changed(LONG, 2), True),  # 97 % in common
        (changed(LONG, 5), True),
        (LONG.upper().replace(" ", "  "), True),
        (changed(LONG, 40), False),  # 40 % in common
        (text(200), False),
        (LONG[: len(LONG) // 2], False),
    ],
)
def test_a_near_copy_is_told_with_both_lines(others, near):
    report = check(file_of(*OTHERS, example(LONG, "What?"), example(others, "What then?")))
    found = [finding for finding in report.findings if finding.code == "D06"]
    assert [(finding.line, "as line 13" in finding.message) for finding in found] == [(14, True)] * near
    assert report.measures["near_copies"]["training"] == len(found)


def test_the_same_system_message_makes_no_near_copies():
    system = text(400)
    rows = [example(text(30), f"Question {number}?", system) for number in range(20)]
    assert "D06" not in codes(check(file_of(*rows)))


def test_exact_copies_and_short_examples_are_no_near_copies():
    report = check(file_of(*OTHERS, OTHERS[0], fill=20))
    assert "D06" not in codes(report)
    assert report.measures["near_copies"] == {
        "compared": 13,
        "too_short": 20,
        "not_compared": 0,
        "training": 0,
        "validation": 0,
    }


def test_a_near_copy_in_the_validation_file_is_told_as_a_leak():
    copy = example(changed(LONG, 2), "Why not?")
    report = check(file_of(*OTHERS, example(LONG)), validation=file_of(example(text(90), "Who?"), copy))
    [leak] = [finding for finding in report.findings if finding.code == "D08b"]
    assert (leak.file, leak.line) == ("support.validation.jsonl", 2)
    assert "line 13 of the dataset" in leak.message


def test_scripts_without_spaces_are_compared_by_character():
    draw = random.Random(5)
    chinese = "".join(chr(draw.randrange(0x4E00, 0x9000)) for _ in range(200))
    other = chinese[:100] + "一" + chinese[101:]
    assert "D06" in codes(check(file_of(*OTHERS, example(chinese, "A?"), example(other, "B?"))))


def test_near_copies_are_on_one_side_of_the_split():
    copies = [example(changed(LONG, 1) + f" end{number}", f"Question {number}?") for number in range(6)]
    for seed in range(10):
        report = check(
            file_of(*OTHERS, *copies, fill=10), manifest=f"seed: {seed}\nvalidation_share: 0.4".encode()
        )
        assert len(set(report.split.mask[12:18])) == 1


def test_examples_of_one_template_are_split_all_the_same():
    rows = [example(f"{LONG} end{number}", f"Question {number}?") for number in range(20)]
    report = check(file_of(*rows))
    assert (report.count("D06"), report.split.validation, report.split.by) == (19, 2, "prompt")
    assert check(file_of(*OTHERS)).split.by == "prompt, near copies"


def test_a_sketch_estimates_what_two_texts_have_in_common():
    store = Sketches()
    for words in (LONG, changed(LONG, 7), text(200)):
        store.add(sketch([("user", words)]))
    assert store.likeness(0, 0) == 1
    assert 0.65 < store.likeness(0, 1) < 0.95
    assert store.likeness(0, 2) < 0.1
    assert list(store.candidates())[:1] == [(0, 1)]


def test_a_sketch_is_the_same_from_release_to_release_and_process_to_process():
    values = sketch([("user", " ".join(map(str, range(40))))])
    assert crc32(b"".join(value.to_bytes(2, "little") for value in values)) == 4140782697
