"""Secrets and personal data are found beside the texts too: in names, tools, other keys and lines with errors."""

import pytest

from shared.core.dataset.report import report_json
from tests.unit.dataset.examples import check, file_of, line, say
from tests.unit.dataset.made_up import made_up, private_key

TOKEN = f"ghp_{made_up(36)}"
BESIDE = {
    "a name": (line(say("user", "Hi?", name=TOKEN), say("assistant", "Hello.")), "$.messages[0].name"),
    "a tool": (
        line(say("user", "Hi?"), say("assistant", "Hello."), tools=[{"function": {"url": TOKEN}}]),
        "$.tools",
    ),
    "an unknown key": (line(say("user", "Hi?"), say("assistant", "Hello."), token=TOKEN), "$"),
    "an unknown key of a message": (
        line(say("user", "Hi?", **{TOKEN: 1}), say("assistant", "Hi.")),
        "$.messages[0]",
    ),
    "a line without an answer": (line(say("user", TOKEN)), ""),
    "another format": (b'{"prompt": "Hi?", "completion": "%s"}' % TOKEN.encode(), ""),
    "no JSON": (b'{"messages": "%s' % TOKEN.encode(), ""),
    "no UTF-8": (b"\xff %s" % TOKEN.encode(), ""),
    "a key in PEM's form": (line(say("user", private_key())), ""),
    "a key in broken JSON": (b'{"key": "' + private_key().replace("\n", "\\n").encode(), ""),
}


@pytest.mark.parametrize("name", BESIDE)
def test_a_secret_is_found_wherever_it_stands_and_never_shown(name):
    bad, path = BESIDE[name]
    report = check(file_of(bad, fill=12))
    assert [(f.line, f.path) for f in report.findings if f.code == "S04"] == [(1, path)]
    assert TOKEN not in report_json(report).decode()


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b'[{"prompt": "Hi?"},\n{"completion": "%s"}]' % TOKEN.encode(), 2),
        (b"question,answer\nHi?,no\nHi?,%s\n" % TOKEN.encode(), 3),
        (file_of(fill=3).decode().encode("utf-16"), None),
        (b"PK\x03\x04" + bytes(20) + TOKEN.encode(), None),
    ],
    ids=["a JSON array", "CSV", "UTF-16", "zip"],
)
def test_another_kind_of_file_is_looked_through_where_it_is_a_text(content, line):
    found = [finding.line for finding in check(content).findings if finding.code == "S04"]
    assert found == ([] if line is None else [line])


def test_personal_data_is_found_in_lines_with_errors_and_what_else_is_odd_is_not():
    report = check(file_of(line(say("user", "Ask anna@rillo.io about the GrÃ¼ÃŸe.")), fill=12))
    assert [f.code for f in report.findings if f.line == 1] == ["R12", "S03"]
