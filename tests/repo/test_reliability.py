"""Each promise of docs/reliability.md names tests that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))
PROMISES = [
    row.strip("|").split("|") for row in PAGE.splitlines() if row.startswith("| ") and "held by" not in row
]


@pytest.mark.parametrize(("file", "test"), NAMED)
def test_each_named_test_exists(file: str, test: str):
    assert re.search(rf"^(async )?def {test}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise[0].strip()[:60])
def test_each_promise_is_held_by_a_test(promise: list[str]):
    assert "::" in promise[1]
    assert ("tests/soak" in promise[1]) <= ("*" in promise[0]), "its long form is not marked"
