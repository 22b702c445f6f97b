"""Real reports are of the schema in docs/report.schema.json.

To write it anew: python -m tests.unit.dataset.test_report_schema
"""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import pytest

from shared.core.dataset.harm import Harm, Harms, with_harms
from shared.core.dataset.report import SCHEMA, report_json
from tests.unit.dataset.examples import check, file_of, good

PAGE = Path(__file__).parents[3] / "docs" / "report.schema.json"
Severity = Literal["error", "warning", "note"]
Code = Annotated[str, msgspec.Meta(pattern="^[A-Z][0-9]{2}[a-z]?$")]
Count = Annotated[int, msgspec.Meta(ge=0)]
Hash = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class Struct(msgspec.Struct, forbid_unknown_fields=True):
    """A part of the report."""


class Counts(Struct):
    error: Count
    warning: Count
    note: Count


class File(Struct):
    name: str
    bytes: Count
    lines: Count
    blank_lines: Count
    examples: Count
    tokens: Count
    longest: Count
    sha256: Hash
    counts: dict[Code, Count]


class Examples(Struct):
    training: Count
    validation: Count


class Tokens(Struct):
    kind: Literal["exact", "estimate"]
    total: Count
    longest_example: Count


class Split(Struct):
    seed: Count
    share: Annotated[float, msgspec.Meta(gt=0, lt=1)]
    by: str


class Finding(Struct):
    code: Code
    severity: Severity
    line: Annotated[int, msgspec.Meta(ge=1)] | None
    path: str
    message: str
    source: str
    fix: str
    file: str


class Report(Struct):
    schema: Literal["tunedrop/report/1"]
    accepted: bool
    base_model: str
    counts: Counts
    files: list[File]
    examples: Examples
    tokens: Tokens
    split: Split | None
    manifest: dict[str, Any]
    hyperparameters: dict[str, str]
    content_hash: Hash
    measures: dict[str, dict[str, Any]]
    findings: list[Finding]


def schema() -> str:
    described = msgspec.json.schema(Report)
    for part in described["$defs"].values():
        part.pop("description", None)
        part.pop("additionalProperties", None)  # a later version may add keys
    named = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": SCHEMA} | described
    return json.dumps(named, indent=2) + "\n"


HARM = Harm("S01", "support.jsonl", 3, "$.messages[1].content", "user", "hate", 6, "0123abcd")
REPORTS = {
    "accepted": check(file_of(fill=60)),
    "empty": check(b""),
    "no JSON Lines": check(b"a,b\n1,2\n"),
    "not UTF-8": check(b"\xff\xfe" + bytes(20)),
    "all files": check(
        file_of(b"bad", good(1), fill=60),
        validation=file_of(good(1), good(99)),
        manifest=b"strict: true\nbudget: 5\nheld_out: a.held-out.jsonl\nepoch: 3",
        held_out=lambda _: lambda: [file_of(good(2))],
    ),
    "exact, every finding": check(file_of(b"\xff", b"{}", good(1), good(1), fill=300), manifest=b"\xff"),
    "screened": with_harms(check(file_of(fill=60)), Harms().adding([HARM]), {"mode": "all", "state": "finished"}),
}


@pytest.mark.parametrize("name", REPORTS)
def test_a_real_report_is_of_the_schema(name):
    written = msgspec.json.decode(report_json(REPORTS[name]), type=Report)
    assert written.schema == SCHEMA
    assert written.accepted == (written.counts.error == 0)
    listed = {(finding.file, finding.code) for finding in written.findings}
    assert listed == {(file.name, code) for file in written.files for code in file.counts}
    assert [file.name for file in written.files] == [file.name for file in REPORTS[name].files]


def test_the_schema_in_the_documentation_is_that_of_the_code():
    assert PAGE.read_text(encoding="utf-8") == schema()


if __name__ == "__main__":
    PAGE.write_text(schema(), encoding="utf-8")
