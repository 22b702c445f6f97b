"""Where a file is dropped, and the manifest that options make."""

import pytest
import yaml

from cli.drop import target
from cli.errors import CommandError
from cli.manifest_file import choices_of, manifest_of
from shared.core.dataset.findings import Findings
from shared.core.dataset.manifest import manifest_of as read_manifest
from shared.core.dataset.rules import RULES


@pytest.mark.parametrize(
    ("file", "model", "path"),
    [
        ("support.jsonl", None, "support.jsonl"),
        ("support.jsonl", "support", "support.jsonl"),
        ("Support.jsonl", "support", "Support.jsonl"),
        ("2026-11-20.jsonl", "support", "support/2026-11-20.jsonl"),
        ("support.jsonl", "sales", "sales/support.jsonl"),
    ],
)
def test_a_file_lies_where_its_model_wants_it(file, model, path):
    assert target(file, model) == path


@pytest.mark.parametrize(
    "value",
    [
        "5",
        "1e-4",
        "0.5",
        "ann@example.com",
        "a: b",
        "# no comment",
        "- x",
        "yes",
        "it's",
        '"',
        "{",
        "null",
        "ü",
        "a\nb: c",
    ],
)
def test_a_value_is_read_back_as_it_was_given(value):
    root = yaml.compose(manifest_of({"key": value}).decode(), Loader=yaml.SafeLoader)
    assert [(key.value, node.value) for key, node in root.value] == [("key", value)]


def test_the_manifest_of_options_is_what_the_app_reads():
    choices = choices_of(
        {"epochs": 2, "budget": 12.5, "owner": None},
        ["batch_size=4", "allow_harm = hate, violence", "owner=a@b.org"],
    )
    findings = Findings(RULES, "support.yaml")
    manifest = read_manifest(manifest_of(choices), findings)
    assert not findings.all()
    assert (manifest.epochs, manifest.budget, manifest.batch_size) == (2, 12.5, 4)
    assert (manifest.allow_harm, manifest.owner) == (("hate", "violence"), "a@b.org")


@pytest.mark.parametrize("setting", ["epochs", "=2", "epochs=", ""])
def test_a_setting_without_key_or_value_is_refused(setting):
    with pytest.raises(CommandError, match="KEY=VALUE"):
        choices_of({}, [setting])
