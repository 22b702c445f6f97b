"""The second pass: it sees every faultless example of both files, and what it finds stands in the report."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from shared.core.base_models import base_model
from shared.core.dataset.findings import Findings
from shared.core.dataset.reading import read
from shared.core.dataset.rules import RULES
from shared.core.dataset.second_pass import Found, SeenExample, SeenLine, lines_of, measured
from shared.core.dataset.tokens import estimate_for
from tests.unit.dataset.examples import file_of, good, line, say

PROFILE = base_model("Phi-4")
COUNT = estimate_for(PROFILE).counted


def lines(content: bytes) -> list[SeenExample | SeenLine]:
    reading = read([content], PROFILE, Findings(RULES, "support.jsonl"))
    return list(lines_of([content], reading, "training", COUNT))


def seen(content: bytes) -> list[SeenExample]:
    return [each for each in lines(content) if isinstance(each, SeenExample)]


@dataclass
class Counting:
    name: str = "counting"
    lines: list[int] = field(default_factory=list)

    def see(self, example: SeenExample) -> None:
        self.lines.append(example.line)

    def findings(self):
        yield Found("D05", "seen", self.lines[0], times=len(self.lines))

    def summary(self) -> dict[str, Any]:
        return {"lines": len(self.lines)}


def test_faultless_examples_are_seen_with_their_lines():
    content = b"\xef\xbb\xbf" + file_of(b"", good(1), b"bad", b" ", good(2), good(3), b"", good(4))
    assert [example.line for example in seen(content)] == [2, 5, 6, 8]


@pytest.mark.parametrize(
    ("bad", "text"),
    [
        (b"no JSON", "no JSON"),
        (b'{"a": ["b\\/c", {"d": 1}], "e": null}', "a: b/c\nd: 1\ne: None"),
        (b'"\\/\\n', '"/\n'),
        (b"\xff", "\ufffd"),
        (b"[" * 100_000, "[" * 100_000),
    ],
)
def test_a_line_with_errors_comes_as_what_it_says(bad, text):
    [line] = [each for each in lines(file_of(good(1), b"", bad, fill=2)) if isinstance(each, SeenLine)]
    assert (line.line, line.text) == (3, text)


def test_an_example_comes_with_what_stands_beside_its_messages():
    tools = [{"type": "function", "function": {"name": "f", "strict": True}}]
    [example] = seen(line(say("user", "Hi?", name="Ann"), say("assistant", "Hello."), tools=tools, secret=7))
    assert example.messages == (("user", "Hi?"), ("assistant", "Hello."))
    assert example.beside == (
        ("$.tools", "type: function\nname: f\nstrict: True"),
        ("$", "secret: 7"),
        ("$.messages[0].name", "name: Ann"),
    )


def test_an_example_comes_with_its_messages_as_texts():
    [example] = seen(line(say("user", " Hi? "), say("assistant", "Hello.", weight=1)))
    assert example.messages == (("user", "Hi?"), ("assistant", "Hello."))
    assert example.tokens > 0


def test_a_measure_counts_more_than_it_lists():
    findings = Findings(RULES, "support.jsonl")
    assert measured(seen(file_of(fill=5)), [Counting()], {"training": findings}) == {"counting": {"lines": 5}}
    assert findings.counts["D05"] == 5
    assert [finding.line for finding in findings.all()] == [1]


def test_a_file_that_changed_in_between_is_noticed():
    reading = read([file_of(fill=3)], PROFILE, Findings(RULES, "support.jsonl"))
    with pytest.raises(ValueError, match="changed"):
        list(lines_of([file_of(fill=4)], reading, "training", COUNT))
