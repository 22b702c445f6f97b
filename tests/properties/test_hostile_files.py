"""Files that were damaged on the way, or made to do harm: each has its finding, in bounded time and memory."""

import gzip
import hashlib
import io
import json
import random
import time
import tracemalloc
import zipfile
from collections.abc import Iterator
from datetime import timedelta

import pytest

from shared.core.base_models import base_model
from shared.core.dataset import check_dataset
from shared.core.dataset.decoding import NotJson, value_of
from shared.core.dataset.findings import Findings, Severity
from shared.core.dataset.formats import example_faults
from shared.core.dataset.lines import MAX_LINE
from shared.core.dataset.reading import read
from shared.core.dataset.report import report_json
from shared.core.dataset.report_html import report_html
from shared.core.dataset.rules import RULES
from shared.core.dataset.texts import text_faults, texts_of
from tests.unit.dataset.examples import TODAY, check, file_of, good, line, say
from tests.unit.dataset.test_findings import BAD_LINES

PHI = base_model("Phi-4-mini-instruct")
SEVERAL = file_of(
    line(say("system", 'Say "so".'), say("user", "C:\\temp\\n\n<b>"), say("assistant", "Größe: 5 €\t🎉")),
    json.dumps({"messages": [say("user", 'Grüße 再 🎉 \\ "'), say("assistant", "[x]")]}).encode(),
    fill=9,
) + file_of(line(say("user", "Hi?"), say("assistant", "Hello.", weight=1)))
MANY_ESCAPES = json.dumps({"messages": [say("user", "再" * 2_000), say("assistant", "再")]}).encode() + b"\n"
BYTES = b'\0\x01\t\n\r "\\/{}[]:,.0aeunt<|\x7f\x80\xbf\xc3\xe2\xed\xf0\xff'
WORDS = (
    b'"role": "user", ',
    b"\\u0022",
    b"\\u0000",
    b"\\ud83d",
    b"<|end|>",
    b"\\nHuman:",
    b'\\\\"',
    b"\\b",
    b"NaN",
    b"\n\n",
)


def damaged(draw: random.Random, content: bytes) -> bytes:
    """The content with one to four changes: a byte or a word put in or in place, a part lost, doubled or moved."""
    changed = bytearray(content)
    for _ in range(draw.randint(1, 4)):
        at, length = draw.randrange(len(changed) + 1), draw.choice((0, 0, 1, 1, 5, 60))
        if draw.random() < 0.3:  # where a key begins
            at = max(changed.find(b'"role"', at), 0)
        other = draw.randrange(len(changed) + 1)
        new = draw.choice((bytes([draw.choice(BYTES)]), draw.choice(WORDS), b"", changed[other : other + length]))
        changed[at : at + length] = new
    return bytes(changed)


def is_fine(each: bytes) -> bool:
    """Whether the closer look finds nothing at all in a line."""
    try:
        value, faults = value_of(each)
    except NotJson:
        return False
    faults += example_faults(value, PHI)
    if faults:
        return False
    messages = value["messages"]
    texts = texts_of("".join(m["role"][0] for m in messages), [m["content"].strip() for m in messages])
    return not list(text_faults(texts, PHI))


@pytest.mark.parametrize("start", [b"", MANY_ESCAPES], ids=["", "after many escapes"])
@pytest.mark.parametrize("seed", range(5))
def test_damage_is_found_wherever_it_is(seed, start):
    draw = random.Random(seed)
    for _ in range(300):
        content = start + damaged(draw, SEVERAL)
        findings = Findings(RULES, "support.jsonl")
        seen = read([content], PHI, findings)
        told = {finding.line for finding in findings.all()}
        whole_file = findings.counts.keys() & {"F02", "F06", "F10", "F11"}
        assert seen.examples + seen.blank <= seen.lines
        for number, each in enumerate(content.split(b"\n"), start=1):
            assert number in told or whole_file or not each.strip() or is_fine(each), each


@pytest.mark.parametrize("seed", range(3))
def test_damage_to_any_file_makes_nothing_raise(seed):
    draw = random.Random(seed)
    for _ in range(12):
        report_json(check(damaged(draw, SEVERAL), damaged(draw, SEVERAL), damaged(draw, b"epochs: 3\nseed: 7\n")))


def long_line(megabytes: int, part: bytes, begin: bytes, end: bytes) -> Iterator[bytes]:
    """A line that is too long, in chunks, and good ones behind it."""
    yield begin
    for _ in range(megabytes):
        yield part * (2**20 // len(part))
    yield end + b"\n" + file_of(fill=12)


HOSTILE = {
    "a text without end": (b"a", b'{"messages": [{"role": "user", "content": "', b'"}]}'),
    "white space behind an example": (b" ", good(1), b""),
    "backslashes": (b"\\", b'{"messages": [{"role": "user", "content": "', b'"}]}'),
    "brackets": (b"[", b'{"messages": ', b""),
    "objects": (b'{"a":', b"", b""),
    "quotes": (b'"', b"", b""),
    "digits": (b"9", b'{"messages": ', b"}"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_line_of_100_mb_takes_little_memory_and_time(name):
    begin, chunks = time.process_time(), long_line(100 if name == "a text without end" else 8, *HOSTILE[name])
    findings = Findings(RULES, "support.jsonl")
    tracemalloc.start(1)
    seen = read(chunks, PHI, findings)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert findings.counts["F13"] == 1
    assert seen.examples == 12
    assert peak < 6 * MAX_LINE
    assert timedelta(seconds=time.process_time() - begin) < timedelta(seconds=5)


@pytest.mark.parametrize("name", HOSTILE)
def test_the_whole_check_of_such_a_line_takes_little_memory_and_time(name):
    begin = time.process_time()
    megabytes = 100 if name == "a text without end" else 8
    tracemalloc.start(1)
    report = check_dataset(lambda: long_line(megabytes, *HOSTILE[name]), None, None, "support.jsonl", today=TODAY)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (report.count("F13"), report.dataset.examples, report.accepted) == (1, 12, False)
    assert peak < 12 * MAX_LINE
    assert timedelta(seconds=time.process_time() - begin) < timedelta(seconds=20)


def workbook() -> bytes:
    """An Excel file, as far as its first bytes tell."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as file:
        file.writestr("[Content_Types].xml", "<Types/>")
        file.writestr("xl/workbook.xml", "<workbook/>")
    return written.getvalue()


def answered_in_json(items: int) -> bytes:
    """An example whose answer is JSON: brackets and escaped quotes."""
    return line(say("user", "Which?"), say("assistant", json.dumps([{"id": number} for number in range(items)])))


BAD = {
    "a bomb of lists": ("F13", b'{"messages": ' + b"[" * 10**6 + b"]" * 10**6 + b"}\n" + file_of(fill=12)),
    "a bomb of objects": ("F13", b'{"a":' * 10**6 + b"1" + b"}" * 10**6 + b"\n" + file_of(fill=12)),
    "NUL bytes": ("F07", file_of(b"\0" * 5_000, fill=12)),
    "an escaped NUL": ("F07", file_of(good(1).replace(b"Help", b"\\u0000"), fill=12)),
    "half a surrogate pair": ("F15", file_of(good(1).replace(b"Help", b"\\udead"), fill=12)),
    "NaN": ("F14", file_of(good(1)[:-1] + b', "a": NaN}', fill=12)),
    "a key twice": ("F14", file_of(good(1)[:-1] + b', "a": 1, "a": 2}', fill=12)),
    "UTF-16": ("F06", file_of(fill=12).decode().encode("utf-16")),
    "UTF-16 without its mark": ("F06", file_of(fill=12).decode().encode("utf-16-be")),
    "gzip": ("F11", gzip.compress(file_of(fill=12))),
    "CSV": ("F11", b"question,answer\n" + b"Hi?,Hello\n" * 12),
    "XLSX": ("F11", workbook()),
    "a JSON array": ("F10", json.dumps([json.loads(good(number)) for number in range(12)]).encode()),
    "an indented JSON array": ("F10", json.dumps([json.loads(good(1))] * 12, indent=1).encode()),
    "a last line that is cut off": ("F12", file_of(fill=12)[:-9]),
    "a line of many escapes that is cut off": ("F12", file_of(fill=12) + answered_in_json(100_000)[:-20]),
    "a bomb and a text that never ends": ("F13", file_of(b"{" * 70 + b'"' + b'\\"' * 2_000_000, fill=12)),
    "a line that is no UTF-8": ("F04", file_of(good(1), b"\xff\xfe\xfd", fill=12)),
    "nothing": ("F02", b""),
}


@pytest.mark.parametrize("name", BAD)
def test_the_whole_report_on_a_hostile_file_tells_it_by_its_code(name):
    code, content = BAD[name]
    report = check(content)
    assert report.count(code) == 1
    assert {finding.code for finding in report.findings if finding.severity is Severity.ERROR} == {code}
    assert code.encode() in report_json(report)
    assert code.encode() in report_html(report)


@pytest.mark.parametrize("name", BAD)
def test_a_hostile_file_that_is_held_out_is_told_as_such_and_judged_no_further(name):
    code, content = BAD[name]
    manifest = b"held_out: exam.held-out.jsonl"
    report = check(file_of(fill=12), manifest=manifest, held_out=lambda _: lambda: [content])
    assert report.count("D09b") == 1
    assert code not in {finding.code for finding in report.findings}
    report_html(report)


@pytest.mark.parametrize("separator", [b"\n", b"\r\n", b"x\n", b"{}\n", b"[]\n"])
def test_many_short_bad_lines_take_time_in_proportion(separator):
    findings = Findings(RULES, "support.jsonl")
    begin = time.process_time()
    seen = read([good(1) + b"\n" + separator * 30_000 + good(2) + b"\n"], PHI, findings)
    assert seen.lines == 30_002
    assert seen.examples == 2
    assert timedelta(seconds=time.process_time() - begin) < timedelta(seconds=5)


@pytest.mark.parametrize(
    ("code", "content"),
    [
        ("F06", file_of(fill=12).decode().encode("utf-16")),
        ("F06", file_of(fill=12).decode().encode("utf-16-be")),
        ("F06", file_of(fill=12).decode().encode("utf-32-le")),
        ("F11", gzip.compress(file_of(fill=12))),
        ("F11", b"BZh91AY&SY" + bytes(100)),
        ("F11", b"PK\x03\x04\x14\0\x06\0[Content_Types].xml"),
        ("F11", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100)),
        ("F11", b"PAR1" + bytes(100)),
        ("F11", b"prompt\tcompletion\nHi\tHello\n"),
        ("F10", b"[" + b",".join([good(n) for n in range(12)]) + b"]"),
        ("F12", file_of(fill=12)[:-20]),
        ("F07", file_of(b"\0" * 1000, fill=12)),
        ("F04", file_of(good(1).replace(b"Help", b"H\xed\xa0\x80"), fill=12)),  # a surrogate as UTF-8
        ("F04", file_of(good(1).replace(b"Help", b"H\xc0\xaf"), fill=12)),  # longer than it need be
    ],
)
def test_what_is_no_file_of_lines_has_one_finding_that_says_so(code, content):
    findings = Findings(RULES, "support.jsonl")
    read([content], PHI, findings)
    assert findings.counts[code] == 1
    assert set(findings.counts) <= {code, "F08"}


@pytest.mark.parametrize("validation", [None, gzip.compress(b"x"), file_of(good(100))])
@pytest.mark.parametrize(
    "content", [file_of(fill=12), b"", b"\n \n", b"[1]", gzip.compress(b"x"), b"\n" * 9_000 + good(1)]
)
def test_every_file_has_its_hash_in_the_report(content, validation):
    report = check(content, validation)
    for seen, file in ((content, report.dataset), (validation, report.validation)):
        assert file is None or file.sha256 == hashlib.sha256(seen).hexdigest()


@pytest.mark.parametrize(("code", "bad"), [row for row in BAD_LINES if len(row[1]) < 10_000])
def test_a_bad_line_is_found_among_lines_of_many_escapes_too(code, bad):
    findings = Findings(RULES, "support.jsonl")
    read([MANY_ESCAPES + bad + b"\n" + MANY_ESCAPES], PHI, findings)
    assert 2 in {finding.line for finding in findings.all() if finding.code == code}
