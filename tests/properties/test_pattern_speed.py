"""No text makes a pattern step back again and again."""

import pytest

from shared.core.base_models import base_model
from shared.core.dataset.decoding import MAX_DEPTH, NotJson, value_of
from shared.core.dataset.lines import MAX_LINE
from shared.core.dataset.second_pass import SeenExample, SeenLine
from shared.core.dataset.text_measures import secrets_in_text, text_measures


@pytest.mark.parametrize(
    "piece",
    [
        "@a.",
        "0 ",
        "4539 ",
        "2 85 ",
        "10.0.0.7 ",
        "12" + " " * 3_000,
        "+1 ",
        "AA00 ",
        "eyJaaaaaaaaaaaa.",
        "://a:",
        "|sh",
        "{{a",
        "<your ",
        "ignore all the ",
        "key=",
        ":0",
    ],
)
def test_no_text_makes_a_pattern_slow(piece):
    text = piece * (60_000 // len(piece))
    for measure in text_measures(base_model("Phi-4")):
        measure.see(SeenExample(1, (("user", text), ("assistant", text)), len(text), 1, "training"))
        list(measure.findings())  # a pattern that steps back again and again would take minutes


@pytest.mark.parametrize(
    "piece", ["4", "12 ", "A1", "key=Ab1", "eyJabcdefghijkl", "-----BEGIN PRIVATE KEY-----\\n", "sig="]
)
def test_no_broken_line_makes_one_slow(piece):
    scan = secrets_in_text()
    scan.see_line(SeenLine(1, piece * (2_000_000 // len(piece)), "training"))
    list(scan.findings())


@pytest.mark.parametrize("piece", [b'\\"', b'"', b"\\", b'\\\\"', b'{"', b'["\\"', b"{}", b"\\u"])
@pytest.mark.parametrize("end", [b"", b"\\"])
def test_no_line_that_is_cut_off_makes_one_slow(piece, end):
    begin = b"{" * (MAX_DEPTH + 1) + b'"'
    line = begin + piece * ((MAX_LINE - len(begin) - 1) // len(piece)) + end
    with pytest.raises(NotJson) as why:
        value_of(line, terminated=False)
    assert why.value.fault.code == "F13"
