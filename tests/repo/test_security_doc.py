"""Each line of the threat model has a test, and each test that it names exists."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/security.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
OF_AZURE = {"read the channel, or reach TuneDrop"}  # nothing of ours to test: Teams' own promise


def cannot() -> list[tuple[str, str]]:
    """Return what an attacker cannot do, and the cell that names the test."""
    tables = PAGE.split("| cannot | because | test |\n")[1:]
    rows = [row for table in tables for row in table.split("\n\n")[0].splitlines()[1:]]
    return [(cells[1].strip(), cells[3].strip()) for cells in (row.split("|") for row in rows)]


@cache
def functions_of(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize(("what", "test"), cannot(), ids=[what[:50] for what, _ in cannot()])
def test_each_line_names_a_test_that_exists(what: str, test: str):
    if what in OF_AZURE:
        assert test == ""
        return
    found = NAMED.fullmatch(test)
    assert found, f"{what}: {test or 'no test'}"
    file, name = found.groups()
    assert (ROOT / file).is_file(), file
    assert name in functions_of(file), f"{file} has no {name}"


def test_the_page_has_a_table_for_each_attacker():
    assert len(cannot()) > 30
    assert PAGE.count("| cannot | because | test |") == 6
