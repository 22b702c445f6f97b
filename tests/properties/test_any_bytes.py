"""Whatever the bytes are and however they come in chunks: the same report, and never an exception."""

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.core.base_models import base_model
from shared.core.dataset.decoding import value_of
from shared.core.dataset.findings import Findings
from shared.core.dataset.formats import example_faults
from shared.core.dataset.manifest import manifest_of
from shared.core.dataset.quick import Known, QuickReader
from shared.core.dataset.reading import read
from shared.core.dataset.report import Report, reasons, report_json
from shared.core.dataset.report_html import report_html
from shared.core.dataset.rules import RULES
from tests.unit.dataset.examples import check, file_of, good, line, say
from tests.unit.dataset.test_findings import BAD_LINES

PHI = base_model("Phi-4-mini-instruct")
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
roles = st.sampled_from(["system", "user", "assistant", "tool", "bot", "", None, 3])
messages = st.fixed_dictionaries(
    {"role": roles, "content": st.text(max_size=8) | json_values},
    optional={"weight": json_values, "tool_calls": json_values, "name": json_values},
)
chats = st.fixed_dictionaries({"messages": st.lists(messages, max_size=4) | json_values})
json_lines = (chats | json_values).map(lambda value: json.dumps(value).encode())
short_bad = [bad for _, bad in BAD_LINES if len(bad) < 10_000]
any_line = json_lines | st.binary(max_size=40) | st.sampled_from([b"", b"\r", good(1), good(2), *short_bad])
any_file = st.lists(any_line, max_size=14).map(b"\n".join) | st.binary(max_size=200)


def cut(content: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(content) + 1) for place in places), len(content)]
    return [content[start:end] for start, end in pairwise(edges)]


def quickly(content: bytes) -> Known | None:
    reader = QuickReader(PHI)
    examples = reader.first([content])
    return reader.known(content, [content], examples) if examples else None


def written(report: Report) -> bytes:
    return report_json(report) + "\n".join(reasons(report)).encode() + report_html(report)


@settings(max_examples=40)
@given(any_file, st.lists(st.integers(0, 10_000), max_size=8))
def test_chunks_make_no_difference(content, places):
    assert written(check(cut(content, places))) == written(check(content))


@settings(max_examples=60)
@given(any_file)
def test_no_line_is_dropped_in_silence(content):
    findings = Findings(RULES, "support.jsonl")
    seen = read([content], PHI, findings)
    assert findings.has_errors or seen.examples + seen.blank == seen.lines
    assert seen.examples + seen.blank <= seen.lines
    assert len(seen.rows) == len(seen.prompts) == seen.examples


def test_not_even_when_every_byte_comes_alone():
    content = b"\xef\xbb\xbf" + file_of(*short_bad, fill=3)
    assert written(check(bytes([byte]) for byte in content)) == written(check(content))


@settings(max_examples=40)
@given(any_file, any_file, st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode()))
def test_no_bytes_make_it_raise(content, validation, manifest):
    report = check(content, validation, manifest)
    assert report.accepted == all(finding.severity != "error" for finding in report.findings)
    written(report)


@given(st.text(st.sampled_from("abc:-[]{}&*!|>'\"#%@?, \n\t0123456789.~"), max_size=60))
def test_no_manifest_makes_it_raise(text):
    manifest_of(text.encode(), Findings(RULES, "support.yaml"))


@given(any_line)
def test_what_passes_quickly_has_no_faults_on_a_closer_look(content):
    if quickly(content) is not None:
        value, faults = value_of(content)
        assert [*faults, *example_faults(value, PHI)] == []


@settings(max_examples=50)
@given(st.text(max_size=30), st.booleans(), st.sampled_from(["", " ", "\t"]))
def test_spelling_makes_no_difference_to_what_an_example_is(text, ascii_only, space):
    chat = {"messages": [say("user", "Hi " + text.replace("\0", "")), say("assistant", "Hello.")]}
    plain = json.dumps(chat, ensure_ascii=False).encode("utf-8", "replace")
    spelled = space.encode() + json.dumps(
        chat, ensure_ascii=ascii_only, indent=None, separators=(",", ":")
    ).encode("utf-8", "replace")
    seen, again = quickly(plain), quickly(spelled)
    if seen is not None and again is not None:
        assert (seen.prompts, seen.rows) == (again.prompts, again.rows)


@pytest.mark.parametrize("depth", [60, 1_000, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_nested_brackets_do_not_exhaust_the_stack(depth, opening, closing):
    bomb = '{"messages": ' + opening * depth + closing * depth + "}"
    report = check(file_of(bomb.encode(), fill=10), manifest=(opening * min(depth, 5_000)).encode())
    assert not report.accepted


def test_many_bad_lines_are_all_counted_and_the_first_are_listed():
    report = check(file_of(*[b"{"] * 5_000, fill=10))
    listed = [finding.line for finding in report.findings if finding.code == "R01"]
    assert listed == list(range(1, 21))
    assert report.count("R01") == 5_000


def test_line_numbers_are_exact_with_blank_lines_in_between():
    report = check(b"\r\n" + file_of(good(1), b"", b"\r", b"bad", b"", good(1), b"bad", fill=12))
    places = {(finding.code, finding.line) for finding in report.findings}
    assert {("R01", 5), ("R01", 8), ("F09", 1), ("F09", 3), ("F09", 4), ("F09", 6), ("D05", 7)} <= places


def test_the_place_of_a_wrong_byte_is_its_offset_in_the_file():
    report = check(b"\xef\xbb\xbf" + file_of(good(1), b'{"messages": "\xff"}', fill=10))
    [finding] = [finding for finding in report.findings if finding.code == "F04"]
    assert f"offset {3 + len(good(1)) + 1 + 14} of the file (offset 14 of the line)" in finding.message


@pytest.mark.parametrize("secret", ["hunter2-hunter2-hunter2", "<|end|> hunter2-hunter2-hunter2"])
@pytest.mark.parametrize("place", ["role", "content", "key", "text"])
def test_no_report_holds_a_text_of_the_dataset(secret, place):
    bad = {
        "role": line(say(secret * 3, "Hi")),
        "content": line(say("user", secret), say("assistant", "")),
        "key": json.dumps({secret * 3: 1, "messages": []}).encode(),
        "text": secret.encode(),
    }[place]
    report = check(file_of(bad, fill=10))
    assert not report.accepted
    assert b"hunter2-hunter2" not in written(report)


@pytest.mark.parametrize("other", [b'"', b"\\", b"\0", b"\xff", b"}", b"a", b'\\"', b"<|end|>", b', "a": 1', b""])
def test_no_change_of_a_good_line_slips_through_the_quick_look(other):
    whole = line(say("system", 'He "l"p.'), say("user", "Hi\\?"), say("assistant", "Hello.\n"))
    for place in range(len(whole)):
        changed = whole[:place] + other + whole[place + 1 :]
        if quickly(changed) is not None:
            value, faults = value_of(changed)
            assert [*faults, *example_faults(value, PHI)] == []
