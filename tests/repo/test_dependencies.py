"""Each dependency is pinned and has its reason."""

import re
from pathlib import Path

import pytest

FILES = ["requirements.txt", "requirements-local.txt", "requirements-dev.txt"]


def requirements() -> list[str]:
    lines = [line for file in FILES for line in Path(file).read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line and not line.startswith(("#", "-"))]


@pytest.mark.parametrize("requirement", requirements())
def test_every_requirement_is_pinned(requirement):
    assert re.match(r"^[A-Za-z0-9.-]+==[\w.]+(;.*)?$", requirement)


def test_every_requirement_has_a_reason_and_every_reason_a_requirement():
    names = {re.split("==", requirement)[0] for requirement in requirements()}
    section = Path("docs/why.md").read_text(encoding="utf-8").split("## Decisions")[0]
    reasons = {
        match for match in re.findall(r"^\| ([A-Za-z0-9.-]+) \|", section, re.MULTILINE) if match != "package"
    }
    assert names == reasons


def test_the_app_pulls_in_no_training_or_test_package():
    app = Path("requirements.txt").read_text(encoding="utf-8")
    assert not re.search(r"^(torch|transformers|pytest|uvicorn|trustme)", app, re.MULTILINE)
