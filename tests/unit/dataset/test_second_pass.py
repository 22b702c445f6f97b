"""The second pass: it sees every faultless example of both files, and what it finds stands in the report."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from shared.core.base_models import base_model
from shared.core.dataset.findings import Findings
from shared.core.dataset.reading import read
from shared.core.dataset.rules import RULES
from shared.core.dataset.second_pass import Found, SeenExample, examples_of, measured
from shared.core.dataset.tokens import estimate_for
from tests.unit.dataset.examples import file_of, good, line, say

PROFILE = base_model("Phi-4")
COUNT = estimate_for(PROFILE).counted


def seen(content: bytes) -> list[SeenExample]:
    reading = read([content], PROFILE, Findings(RULES, "support.jsonl"))
    return list(examples_of([content], reading, "training", COUNT))


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
        list(examples_of([file_of(fill=4)], reading, "training", COUNT))
