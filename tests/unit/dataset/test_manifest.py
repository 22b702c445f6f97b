"""The manifest: defaults, bounds, and what it cannot set."""

import re
from pathlib import Path

import pytest

from shared.core.dataset.findings import Findings
from shared.core.dataset.manifest import Manifest, manifest_of
from shared.core.dataset.manifest_keys import KEYS
from shared.core.dataset.rules import RULES


def read(text: str) -> tuple[Manifest, list[str]]:
    findings = Findings(RULES, "support.yaml")
    manifest = manifest_of(text.encode(), findings)
    return manifest, [f"{finding.code} line {finding.line}: {finding.message}" for finding in findings.all()]


@pytest.mark.parametrize("text", ["", "# nothing chosen", "---\n", "\ufeff", "null"])
def test_nothing_chosen_means_the_defaults(text):
    assert read(text) == (Manifest(), [])


@pytest.mark.parametrize(
    ("text", "manifest"),
    [
        ("base_model: phi-4", Manifest(base_model="Phi-4")),
        ("epochs: 10", Manifest(epochs=10)),
        ("epochs: '2'  # two", Manifest(epochs=2)),
        ("batch_size: 32", Manifest(batch_size=32)),
        ("learning_rate: 1e-4", Manifest(learning_rate=1e-4)),
        ("learning_rate: 0.0003", Manifest(learning_rate=3e-4)),
        ("learning_rate_multiplier: 10", Manifest(learning_rate_multiplier=10)),
        ("validation_share: .5", Manifest(validation_share=0.5)),
        ("validation_share: 0.05", Manifest(validation_share=0.05)),
        ("seed: 42", Manifest(seed=42)),
        ("owner: Ann.Lee+ml@example.co.uk", Manifest(owner="Ann.Lee+ml@example.co.uk")),
        ("notify: a@x.org, b@y.org,a@x.org", Manifest(notify=("a@x.org", "b@y.org"))),
        ("held_out: exam.held-out.jsonl", Manifest(held_out=("exam.held-out.jsonl",))),
        (
            "held_out: 1.validation.jsonl, exam.held-out.jsonl,1.validation.jsonl",
            Manifest(held_out=("1.validation.jsonl", "exam.held-out.jsonl")),
        ),
        ("licence: CC-BY-4.0", Manifest(licence="CC-BY-4.0")),
        ("consent: not-needed", Manifest(consent="not-needed")),
        ("retention: 90 days", Manifest(retention="90 days")),
        ("retention: unlimited", Manifest(retention="unlimited")),
        ("strict: yes", Manifest(strict=True)),
        ("strict: False", Manifest(strict=False)),
        ("{epochs: 2, seed: 1}", Manifest(epochs=2, seed=1)),
    ],
)
def test_what_is_chosen_holds(text, manifest):
    assert read(text) == (manifest, [])


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("epochs: 0", "M04 line 1: epochs: must be a whole number from 1 to 10"),
        ("epochs: 2.5", "M04 line 1: epochs: must be a whole number from 1 to 10"),
        ("epochs: ", "M04 line 1: epochs: must be a whole number from 1 to 10"),
        ("epochs: ２", "M04 line 1: epochs: must be a whole number from 1 to 10"),
        ("seed: 1\nbatch_size: 33", "M04 line 2: batch_size: must be a whole number from 1 to 32"),
        ("learning_rate: 0.1", "M04 line 1: learning_rate: must be a number from 1e-7 to 0.01"),
        ("learning_rate: .nan", "M04 line 1: learning_rate: must be a number from 1e-7 to 0.01"),
        ("learning_rate: fast", "M04 line 1: learning_rate: must be a number from 1e-7 to 0.01"),
        (
            "learning_rate_multiplier: 0",
            "M04 line 1: learning_rate_multiplier: must be a number above 0 and at most 10",
        ),
        (
            "learning_rate_multiplier: -1",
            "M04 line 1: learning_rate_multiplier: must be a number above 0 and at most 10",
        ),
        ("validation_share: 10%", "M04 line 1: validation_share: must be a number from 0.05 to 0.5"),
        ("owner: ann", "M04 line 1: owner: must be an e-mail address"),
        ("owner: [a@b.org, c@d.org]", "M04 line 1: owner must be one value, not a list or a map"),
        ("notify: a@x.org, everybody", "M04 line 1: notify: must be an e-mail address"),
        (
            "notify: " + ",".join(f"a{n}@x.org" for n in range(11)),
            "M04 line 1: notify: must be at most 10 e-mail addresses",
        ),
        ("held_out: exam.jsonl", "M04 line 1: held_out: must be 1 to 5 names ending with .held-out.jsonl or "),
        ("held_out: ../exam.held-out.jsonl", "M04 line 1: held_out: must be 1 to 5 names"),
        (f"held_out: {','.join(f'{n}.held-out.jsonl' for n in range(6))}", "M04 line 1: held_out: must be 1 to 5"),
        ("licence: see the contract", "M04 line 1: licence: must be an identifier as CC-BY-4.0 or proprietary"),
        ("consent: maybe", "M04 line 1: consent: must be given or not-needed"),
        ("retention: 0 days", "M04 line 1: retention: must be a number of days, as 90 days, or unlimited"),
        ("license: MIT", "M02 line 1: unknown key 'license'; did you mean licence?"),
        ("strict: maybe", "M04 line 1: strict: must be true or false"),
        ("base_model: Phi-4-mini", "M05 line 1: base_model: There is no base model 'Phi-4-mini'; did you mean "),
        ("base_model: gpt-4o", "M05 line 1: base_model: There is no base model 'gpt-4o'; "),
        ("\nepoch: 2", "M02 line 2: unknown key 'epoch'; did you mean epochs?"),
        ("batchsize: 2", "M02 line 1: unknown key 'batchsize'; did you mean batch_size?"),
        ("zzz: 2", "M02 line 1: unknown key 'zzz'; known are base_model, "),
        ("seed: 1\nseed: 2", "M02 line 2: the key seed stands twice"),
        ("optimizer: adamw", "M03 line 1: 'optimizer' cannot be set: Azure's serverless fine-tuning"),
        ("loss: focal", "M03 line 1: 'loss' cannot be set"),
        ("num_layers: 3", "M03 line 1: 'num_layers' cannot be set"),
        ("lora_alpha: 16", "M03 line 1: 'lora_alpha' cannot be set"),
        ("- epochs: 2", "M01 line 1: the manifest is not a list of"),
        ("just words", "M01 line 1: the manifest is not a list of"),
        ("epochs: 2\n\tseed: 1", "M01 line 2: not YAML"),
        ("epochs: 2\n---\nepochs: 3", "M01 line 2: not YAML"),
        ("epochs: 2\x00", "M01 line None: not YAML"),
        ("epochs: " + "[" * 8_000, "M01 line None: the manifest nests"),
        ("? [a, b]\n: 1", "M02 line 1: unknown key"),
    ],
)
def test_what_cannot_be_is_said_with_its_line(text, finding):
    manifest, found = read(text)
    assert len(found) == 1
    assert found[0].startswith(finding)
    assert manifest in (Manifest(), Manifest(seed=1), Manifest(epochs=2))


def test_the_sample_shows_every_key_with_a_value_that_it_may_have():
    text = (Path(__file__).parents[3] / "samples" / "manifest.yaml").read_text(encoding="utf-8")
    assert read(text)[1] == []
    assert set(re.findall(r"^(\w+):", text, re.MULTILINE)) == set(KEYS)


@pytest.mark.parametrize(
    ("manifest", "rate"),
    [
        (Manifest(), "0.00002"),
        (Manifest(learning_rate_multiplier=10), "0.0002"),
        (Manifest(learning_rate_multiplier=1e-9), "0.00000000000002"),
        (Manifest(learning_rate=0.0003, learning_rate_multiplier=0.5), "0.00015"),
        (Manifest(learning_rate=0.01), "0.01"),
    ],
)
def test_hyperparameters_have_azures_names_and_are_texts(manifest, rate):
    assert manifest.hyperparameters() == {
        "num_train_epochs": "3",
        "per_device_train_batch_size": "1",
        "learning_rate": rate,
    }


def test_the_apps_setting_is_the_default_base_model():
    findings = Findings(RULES, "support.yaml")
    assert manifest_of(b"", findings, "Phi-4").base_model == "Phi-4"
    assert manifest_of(b"base_model: Phi-4-mini-instruct", findings, "Phi-4").base_model == "Phi-4-mini-instruct"
