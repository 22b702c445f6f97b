"""Repair: safe fixes only, each on its own switch, each told with its line; the rest stays byte for byte."""

import json

import pytest

from shared.core.dataset.objects import NotRepairable
from shared.core.dataset.repair import ALL, FIXES, Changes, repaired
from tests.unit.dataset.examples import check, good, line, say

A, B, C = good(1), good(2), good(3)
BOM = b"\xef\xbb\xbf"


def repair(content: bytes, switches: frozenset[str] = ALL, chunk: int = 1 << 20) -> tuple[bytes, Changes]:
    changes = Changes()
    chunks = [content[start : start + chunk] for start in range(0, len(content), chunk)]
    return b"".join(repaired(lambda: chunks, changes, switches)), changes


def answer(text: str, ensure_ascii: bool = False) -> bytes:
    value = {"messages": [say("user", "Hi?"), say("assistant", text)]}
    return json.dumps(value, ensure_ascii=ensure_ascii).encode()


CODE = "    if x:\n        y()"
SPELLED = (  # all but the text of a message keeps its spelling
    b'{"x" :0.10000000000000000555,"y":12345678901234567890123,"z":1.0 , "w":[1E5,-0],"content": "d ",'
    b' "m\\u0065ssages": [ {"role":"user","content":"Hi\\u0020\\/", "a":{"content":"b "}, "n": ["content", "c "]}'
    b', {"c\\u006fntent" : "%s","role":"assistant", "weight": 1e0, "name": "content "} ] }'
)

BROKEN = [  # fix, broken, repaired, lines told
    ("bom", BOM + A + b"\n", A + b"\n", []),
    ("line-ends", A + b"\r\n" + B + b"\r\n", A + b"\n" + B + b"\n", [1, 2]),
    ("line-ends", A + b"\n" + B, A + b"\n" + B + b"\n", [2]),
    ("blank-lines", A + b"\n\n\n" + B + b"\n\n", A + b"\n" + B + b"\n", [2, 3, 5]),
    ("white-space", b"  " + A + b"\t\n", A + b"\n", [1]),
    ("white-space", answer("Yes. \n") + b"\n", answer("Yes.") + b"\n", [1]),
    ("white-space", answer("\n \r\n\tYes.\n  No.\n") + b"\n", answer("\tYes.\n  No.") + b"\n", [1]),
    ("white-space", answer(" \n" + CODE) + b"\n", answer(CODE) + b"\n", [1]),
    ("white-space", SPELLED.replace(b"%s", b"Yes. ") + b"\n", SPELLED.replace(b"%s", b"Yes.") + b"\n", [1]),
    ("zero-width", answer("Y\u200bes\ufeff.\u2060") + b"\n", answer("Yes.") + b"\n", [1]),
    ("zero-width", answer("Y\u200bé", ensure_ascii=True) + b"\n", answer("Yé", ensure_ascii=True) + b"\n", [1]),
    ("duplicates", A + b"\n" + B + b"\n" + A + b"\n" + A + b"\n", A + b"\n" + B + b"\n", [3, 4]),
    ("duplicates", A + b"\n" + A.replace(b": ", b":") + b"\n", A + b"\n", [2]),
    ("array", b"[" + A + b",\n " + B + b"]", A + b"\n" + B + b"\n", []),
    ("array", json.dumps([json.loads(A), json.loads(B)], indent=2).encode() + b"\n", A + b"\n" + B + b"\n", []),
    ("array", json.dumps(json.loads(A), indent="\t").encode() + b"\n", A + b"\n", []),
]


@pytest.mark.parametrize(("fix", "broken", "whole", "lines"), BROKEN)
def test_each_fix_repairs_what_it_says_and_tells_the_lines(fix, broken, whole, lines):
    done, changes = repair(broken)
    assert done == whole
    assert set(changes.counts) == {fix}
    assert changes.lines[fix] == lines


@pytest.mark.parametrize(("fix", "broken", "whole", "lines"), BROKEN)
def test_each_fix_has_its_switch(fix, broken, whole, lines):
    try:
        done, changes = repair(broken, ALL - {fix})
    except NotRepairable:
        assert fix == "array"
    else:
        assert done == broken
        assert not changes.counts


def test_every_fix_has_a_row():
    assert {row[0] for row in BROKEN} == {fix.name for fix in FIXES} == ALL


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 64])
@pytest.mark.parametrize(("fix", "broken", "whole", "lines"), BROKEN)
def test_where_the_chunks_are_cut_makes_no_difference(fix, broken, whole, lines, chunk):
    assert repair(broken, chunk=chunk)[0] == whole


@pytest.mark.parametrize(
    "content",
    [
        b"not JSON, with a space behind",
        b'{"a": 1, "a": " two keys "}',
        b'{"messages": [{"role": "user", "content": " x ", "content": " y "}]}',
        b'{"messages": [{"role": "user", "content": " \\ud800 "}]}',
        b'{"messages": [{"role": "user", "content": " x ", "weight": NaN}]}',
        b'{"messages": [{"role": "user", "content": " x ", "weight": 1e999}]}',
        b'{"messages": " x "}',
        b'{"messages": [" x "]}',
        b'[{"messages": 1}] and more',
        b"\xff\xfe not UTF-8",
        answer("\u200cjoiners \u200d stay"),
        answer(CODE),
        answer(" Yes."),
        answer("\u200b"),
        answer(" \n\ufeff\t"),
        answer(" \n"),
        b'{"messages": {"a": {"content": "x "}}}',
        b'{"a": 0.1}\n{"a": 0.10000000000000000001}\n{"a": 0.10}\n{"a": "0.1"}',
        b'{"a": 12345678901234567890123}\n{"a": 12345678901234567890124}',
        b'{"a": 1E5}\n{"a": 100000.0}\n{"a": 100000}',
        b'{"messages": [{"role": "user", "content": " \xff "}]}',
        b'{"other": " x "}',
        b'{"messages": [{"role": "user", "content": " x ", "a": ' + b"[" * 90_000 + b"]" * 90_000 + b"}]}",
    ],
    ids=lambda content: repr(content)[:40],
)
def test_what_is_not_safe_stays_byte_for_byte(content):
    file = A + b"\n" + content + b"\n" + B + b"\n"
    done, changes = repair(file)
    assert done == file
    assert not changes.counts


def test_two_broken_lines_are_no_copies_and_neither_are_different_weights():
    weighted = [line(say("user", "Hi?"), say("assistant", "Hello.", weight=weight)) for weight in (0, 1)]
    file = b"".join(each + b"\n" for each in (A, b"bad", b"bad", *weighted))
    assert repair(file)[0] == file


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"[" + A + b", " + B, "in the middle of the array"),
        (b"[" + A + b", " + B[:-9], "in the middle of an object"),
        (b"[" + A + b" " + B + b"]", "after object 1 stands '{'"),
        (b"[" + A + b",]", "after object 1 stands ']'"),
        (b"[" + A + b"]\n[" + A + b"]", "after object 1 stands '['"),
        (b"[\n" + A + b",\n7]", "after object 1 stands '7'"),
        (b"[\n" + A + b"]\n" + B, "after object 1 stands '{'"),
        (b'[\n{"a":\n tru}]', "object 1 is not valid JSON"),
        (b'[\n{"a":\n' + b"[" * 90_000 + b"]" * 90_000 + b"}]", "object 1 is not valid JSON"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"name;age\nann;7\n", "table"),
        ("x".encode("utf-16"), "UTF-16"),
        (b'{"a": "' + b"x" * (4 << 20) + b'"}', "longer than 4 MiB"),
        (b'[\n{"a": "' + b"x" * (4 << 20) + b'"}]', "longer than 4 MiB"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_cannot_be_repaired_is_refused_as_a_whole(content, why):
    with pytest.raises(NotRepairable, match=why.replace("[", r"\[")):
        repair(content)


def test_marks_inside_texts_do_not_end_an_object():
    tricky = [answer('a "quoted" } ] \\ , {'), answer("\\"), answer("é}")]
    assert repair(b"[" + b",".join(tricky) + b"]", chunk=1)[0] == b"".join(each + b"\n" for each in tricky)


def test_an_empty_array_leaves_nothing():
    assert repair(b"[\n]\n")[0] == b""


def test_all_at_once_and_a_second_repair_finds_nothing_more():
    file = BOM + b"  " + answer("Y\u200bes. ") + b"\r\n\r\n" + answer("Yes.") + b"\r\n" + B
    done, changes = repair(file)
    assert done == answer("Yes.") + b"\n" + B + b"\n"
    assert changes.counts == {
        "bom": 1,
        "line-ends": 3,
        "blank-lines": 1,
        "white-space": 1,
        "zero-width": 1,
        "duplicates": 1,
    }
    assert not repair(done)[1].counts


def test_a_repaired_file_keeps_its_texts_and_loses_its_findings():
    file = BOM + b"".join(good(number) + b"\r\n\r\n" for number in range(12)) + A
    done, _ = repair(file)
    assert {finding.code for finding in check(file).findings} >= {"F05", "F08", "F09", "D05"}
    assert {finding.code for finding in check(done).findings} == {"D02"}
    assert check(done).dataset.examples == 12


def test_thousands_of_changes_are_counted_and_the_first_are_listed():
    _, changes = repair(A + b"\n" * 3_000)
    assert changes.counts["blank-lines"] == 2_999
    assert changes.lines["blank-lines"] == list(range(2, 22))
