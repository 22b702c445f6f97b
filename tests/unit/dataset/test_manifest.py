"""The manifest: defaults, bounds, and what it cannot set."""

import re
from pathlib import Path

import pytest

from shared.core.dataset.findings import Findings
from shared.core.dataset.manifest import Manifest, manifest_of
from shared.core.dataset.manifest_keys import KEYS
from shared.core.dataset.rules import RULES
from trainer.options import parse
from trainer.profile import Used, used_for

SAMPLES = Path(__file__).parents[3] / "samples"
MANAGED = "Phi-3-mini-4k-instruct"


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
        (f"lora_r: 16\nbase_model: {MANAGED}", Manifest(base_model=MANAGED, lora_r=16)),
        (f"base_model: {MANAGED}\nlora_dropout: 0", Manifest(base_model=MANAGED, lora_dropout=0.0)),
        (f"base_model: {MANAGED}\npacking: yes", Manifest(base_model=MANAGED, packing=True)),
        (f"base_model: {MANAGED}\nmax_seq_length: 4096", Manifest(base_model=MANAGED, max_seq_length=4096)),
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
        ("optimizer: adamw", "M03 line 1: 'optimizer' cannot be set: the training chooses it itself"),
        ("loss: focal", "M03 line 1: 'loss' cannot be set"),
        ("num_layers: 3", "M03 line 1: 'num_layers' cannot be set"),
        ("lora_target_modules: all", "M03 line 1: 'lora_target_modules' cannot be set"),
        ("lora_rank: 16", "M02 line 1: unknown key 'lora_rank'; did you mean lora_r?"),
        (
            "seed: 1\nlora_alpha: 16",
            "M03 line 2: lora_alpha cannot be set for Phi-4-mini-instruct: Azure's serverless fine-tuning chooses "
            "it itself; it can be set for Phi-3-mini-4k-instruct, Phi-3-mini-128k-instruct, Phi-3.5-mini-instruct",
        ),
        ("packing: false", "M03 line 1: packing cannot be set for Phi-4-mini-instruct"),
        ("lora_r: 0", "M04 line 1: lora_r: must be a whole number from 1 to 256"),
        ("weight_decay: 0.6", "M04 line 1: weight_decay: must be a number from 0 to 0.5"),
        ("lora_r: 8\nbase_model: Phi-5", "M05 line 2: base_model: There is no base model 'Phi-5'"),
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
    assert manifest in (Manifest(), Manifest(seed=1), Manifest(epochs=2), Manifest(lora_r=8))


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("epoch", "epoch"),
        ("optimizer", "optimizer"),
        ("sk-proj-Zq83kdLw02mfPxhTe6", "sk-pro… (26"),
        ('"a\\e[31mred"', r"a\x1b… (9"),
        ('"\\u202Eevil"', r"\u202e… (5"),
        ("? [a, b]\n", "… (0"),
    ],
)
def test_an_unknown_key_may_be_a_secret_and_is_shown_as_one(key, path):
    findings = Findings(RULES, "support.yaml")
    manifest_of(f"{key}: 1".encode(), findings)
    assert [finding.path.partition(" characters")[0] for finding in findings.all()] == [path]


@pytest.mark.parametrize(("length", "faults"), [(4096, 0), (4097, 1), (131_072, 1)])
def test_an_example_is_not_cut_off_behind_the_base_models_context(length, faults):
    manifest, found = read(f"max_seq_length: {length}\nbase_model: {MANAGED}")
    assert manifest.max_seq_length == (None if faults else length)
    assert [f"M04 line 1: max_seq_length: {MANAGED} reads at most 4096 tokens"] * faults == found


def test_the_samples_show_every_key_with_a_value_that_it_may_have():
    texts = [(SAMPLES / name).read_text(encoding="utf-8") for name in ("manifest.yaml", "manifest.managed.yaml")]
    assert [read(text)[1] for text in texts] == [[], []]
    shown = [set(re.findall(r"^(\w+):", text, re.MULTILINE)) for text in texts]
    assert shown[0] == {name for name, key in KEYS.items() if not key.managed}
    assert shown[1] == {name for name, key in KEYS.items() if key.managed} | {"base_model"}


def trained(*arguments: str) -> Used:
    """Return what our trainer makes of hyperparameters; raises its UserError."""
    files = ("--train", "t", "--validation", "v", "--output", "o")
    return used_for(parse([*files, *arguments]).asked, "lora", "phi")


@pytest.mark.parametrize("name", [name for name, key in KEYS.items() if key.managed])
def test_the_trainer_takes_what_a_manifest_may_say_and_does_the_same_where_it_says_nothing(name):
    key = KEYS[name]
    bounds = re.findall(r"[\d.]+(?= to |,|$)", key.allowed) or re.findall("true|false", key.allowed)
    assert len(bounds) >= 2
    for bound in bounds:
        manifest = Manifest(base_model="Phi-3.5-mini-instruct", **{name: key.read(bound)})
        trained(f"--{name}", manifest.hyperparameters()[name])
    assert trained(f"--{name}", key.trainers) == trained()


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


def test_what_only_the_trainer_knows_is_given_where_it_is_named():
    manifest = Manifest(base_model=MANAGED, lora_r=16, lora_dropout=0.0, packing=True, weight_decay=1e-7)
    given = manifest.hyperparameters().items() - Manifest().hyperparameters().items()
    assert dict(given) == {"lora_r": "16", "lora_dropout": "0", "packing": "true", "weight_decay": "0.0000001"}


def test_the_apps_setting_is_the_default_base_model():
    findings = Findings(RULES, "support.yaml")
    assert manifest_of(b"", findings, "Phi-4").base_model == "Phi-4"
    assert manifest_of(b"base_model: Phi-4-mini-instruct", findings, "Phi-4").base_model == "Phi-4-mini-instruct"
