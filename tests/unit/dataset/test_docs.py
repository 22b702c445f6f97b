"""docs/dataset.md shows the tables of the code. To write them anew: python -m tests.unit.dataset.test_docs."""

import re
from dataclasses import asdict
from pathlib import Path

import pytest

from shared.core.base_models import Route, base_models
from shared.core.dataset.manifest import Manifest
from shared.core.dataset.manifest_keys import KEYS
from shared.core.dataset.repair import FIXES
from shared.core.dataset.rules import RULES

PAGE = Path(__file__).parents[3] / "docs" / "dataset.md"


def table(*rows: tuple[str, ...]) -> str:
    head, *body = rows
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, ("---",) * len(head), *body))


def rules_table() -> str:
    rows = [(rule.code, str(rule.severity), rule.says, rule.source, rule.fix) for rule in RULES]
    return table(("code", "severity", "what holds", "source", "fix"), *[cells_of(row) for row in rows])


def cells_of(row: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(cell.replace("|", "\\|").replace("<", "&lt;") for cell in row)


def keys_table() -> str:
    defaults = asdict(Manifest())
    shown = {
        name: "" if value in ("", ()) else f"`{str(value).lower() if value is False else value}`"
        for name, value in defaults.items()
    }
    shown["learning_rate"] = "`0.00002`"
    rows = [(f"`{name}`", key.allowed, shown[name], key.meaning) for name, key in KEYS.items() if not key.managed]
    return table(("key", "allowed", "default", "meaning"), *rows)


def managed_keys_table() -> str:
    rows = [
        (f"`{name}`", key.allowed, f"`{key.trainers}`", key.meaning) for name, key in KEYS.items() if key.managed
    ]
    return table(("key", "allowed", "default", "meaning"), *rows)


def models_table() -> str:
    rows = [
        (
            f"`{model.name}`",
            str(model.context_length),
            model.route.value,
            f"retired on {model.retired_on}; use {model.replaced_by}" if model.retired_on else "can be fine-tuned",
            "wherever there is GPU quota" if model.route is Route.MANAGED else ", ".join(model.regions),
        )
        for model in base_models().values()
    ]
    return table(("model", "context, tokens", "route", "lifecycle", "regions"), *rows)


TABLES = {
    "rules": rules_table,
    "manifest keys": keys_table,
    "managed keys": managed_keys_table,
    "base models": models_table,
}


def with_table(page: str, name: str) -> str:
    marked = re.compile(f"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
    assert marked.search(page)
    return marked.sub(lambda found: f"{found[1]}{TABLES[name]()}\n{found[2]}", page)


@pytest.mark.parametrize("name", TABLES)
def test_the_page_shows_the_table_of_the_code(name):
    page = PAGE.read_text(encoding="utf-8")
    assert with_table(page, name) == page


def test_the_manifest_has_exactly_the_keys_of_the_table():
    assert list(asdict(Manifest())) == list(KEYS)


def test_codes_are_unique():
    assert len({rule.code for rule in RULES}) == len(RULES)


@pytest.mark.parametrize(("letter", "last"), [("F", 17), ("R", 29), ("D", 18), ("Q", 9), ("S", 9)])
def test_each_number_is_a_rule_or_is_said_not_to_be_checked(letter, last):
    left_out = PAGE.read_text(encoding="utf-8").partition("## What is not checked")[2].partition("\n## ")[0]
    known = {rule.code[:3] for rule in RULES} | set(re.findall(r"[A-Z]\d\d", left_out))
    assert {f"{letter}{number:02}" for number in range(1, last + 1)} <= known


def test_the_page_names_every_fix_of_the_repair():
    page = PAGE.read_text(encoding="utf-8")
    assert re.findall(r"^\| `--no-([a-z-]+)` \|", page, re.MULTILINE) == [fix.name for fix in FIXES]


if __name__ == "__main__":
    for each in TABLES:
        PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8"), each), encoding="utf-8")
