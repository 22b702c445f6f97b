"""docs/report.md describes each key of a real report.json, and no other."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shared.core.dataset.report import SCHEMA, report_json
from tests.unit.dataset.examples import check, file_of, good

PAGE = (Path(__file__).parents[3] / "docs" / "report.md").read_text(encoding="utf-8")
OPEN = {"files[].counts", "measures", "manifest", "hyperparameters"}  # their keys are described elsewhere
CONTAINERS = {"examples", "tokens"}  # described by what they hold


def keys_of(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, list):
        yield f"{path}[]"
        for each in value:
            yield from keys_of(each, f"{path}[]")
    elif isinstance(value, dict):
        for key, each in value.items():
            inside = f"{path}.{key}" if path else key
            if not isinstance(each, list):
                yield inside
            if inside not in OPEN:
                yield from keys_of(each, inside)


def test_the_page_describes_each_key_and_no_other():
    reports = [
        check(file_of(fill=60)),
        check(file_of(b"bad", fill=12), validation=file_of(b"bad"), manifest=b"strict: true"),
    ]
    found = {key for report in reports for key in keys_of(json.loads(report_json(report)))} - CONTAINERS
    assert set(re.findall(r"^\| `([^`]+)` \|", PAGE, re.MULTILINE)) == found


def test_the_page_lists_each_measure():
    report = check(file_of(fill=60), validation=file_of(good(70)))
    apart = {"drift", "screening"}  # added by the app: see test_drop.py and test_screening.py
    listed = re.findall(r"^\| ([a-z_]+) \|", PAGE.partition("| measure |")[2], re.MULTILINE)
    assert set(listed) == {*report.measures} | apart


def test_the_page_names_the_schema():
    assert PAGE.count(f"`{SCHEMA}`") == 2
