"""A base model is found wherever its parts lie in the folder that a registry mounts."""

import json
import shutil

import pytest
from transformers import AutoModelForCausalLM

from tests.trainer.conftest import metrics
from trainer.__main__ import main
from trainer.bases import OWN_BASE, find_base
from trainer.errors import UserError
from trainer.options import parse
from trainer.run import fine_tune

TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja")
LAYOUTS = {
    "plain Hugging Face": ("", "", ""),
    "one folder down": ("phi", "phi", "phi"),
    "MLflow, hftransformersv2": ("data/model", "data/config", "data/tokenizer"),
    "MLflow, hftransformersv2 under a folder": (
        "mlflow_model_folder/data/model",
        "mlflow_model_folder/data/model",
        "mlflow_model_folder/data/tokenizer",
    ),
    "MLflow, transformers": ("model", "model", "components/tokenizer"),
}


@pytest.fixture(params=LAYOUTS.values(), ids=LAYOUTS.keys())
def laid_out(request, tiny_base, tmp_path):
    """Return a folder with a small model in one of the layouts."""
    weights, config, tokenizer = (tmp_path / "mount" / part for part in request.param)
    for file in tiny_base.iterdir():
        folder = tokenizer if file.name in TOKENIZER else config if file.name == "config.json" else weights
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, folder / file.name)
    (tmp_path / "mount" / "MLmodel").write_text("flavors: {}\n", encoding="utf-8")
    (tmp_path / "mount" / "code").mkdir()
    return tmp_path / "mount"


def test_a_model_trains_from_any_layout(laid_out, arguments):
    asked = parse([*arguments, "--base-model", str(laid_out), "--max_steps", "1", "--exact_match_examples", "0"])
    fine_tune(asked)
    assert (asked.output / "model" / "model.safetensors").exists()
    assert metrics(asked.output)[0]["eval_loss"] > 0


def test_what_lies_beside_the_weights_is_preferred(tiny_base, tmp_path):
    shutil.copytree(tiny_base, tmp_path / "b" / "model")
    for other in ("a", "b/components/tokenizer"):
        shutil.copytree(tiny_base, tmp_path / other, ignore=shutil.ignore_patterns("*.safetensors"))
    found = find_base(str(tmp_path))
    assert {found.weights, found.config, found.tokenizer} == {tmp_path / "b" / "model"}


def test_an_adapter_alone_is_no_model(tiny_base, tmp_path):
    shutil.copytree(tiny_base, tmp_path / "adapter")
    (tmp_path / "adapter" / "model.safetensors").rename(tmp_path / "adapter" / "adapter_model.safetensors")
    with pytest.raises(UserError, match="has no weights"):
        find_base(str(tmp_path / "adapter"))


@pytest.mark.parametrize("name", ["su", "longrope"])
def test_a_model_with_long_context_and_code_of_its_own_trains(tiny_base, tmp_path, arguments, name):
    """As Phi-3-mini-128k-instruct and Phi-3.5-mini-instruct come: code beside the weights is not run."""
    base = shutil.copytree(tiny_base, tmp_path / "128k")
    config = json.loads((base / "config.json").read_text())
    del config["rope_parameters"]
    factors = {"short_factor": [1.0] * 8, "long_factor": [4.0] * 8}
    config |= {"rope_scaling": {"type": name, **factors}, "original_max_position_embeddings": 16}
    config |= {"auto_map": {"AutoConfig": "configuration_phi3.Phi3Config"}, "torch_dtype": "bfloat16"}
    (base / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (base / "configuration_phi3.py").write_text("raise SystemExit('this must not run')", encoding="utf-8")
    asked = parse([*arguments, "--base-model", str(base), "--profile", "phi"])
    fine_tune(asked)
    tuned = json.loads((asked.output / "model" / "config.json").read_text())
    assert tuned["rope_parameters"]["rope_type"] == "longrope"
    assert tuned["rope_parameters"]["original_max_position_embeddings"] == 16
    AutoModelForCausalLM.from_pretrained(asked.output / "model")


def test_weights_that_broke_off_are_told(tiny_base, tmp_path, arguments, capsys):
    shutil.copytree(tiny_base, tmp_path / "torn")
    weights = tmp_path / "torn" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    assert main([*arguments, "--base-model", str(tmp_path / "torn")]) == 2
    said = capsys.readouterr().err
    assert "does not load" in said
    assert said.count("\n") == 1


def test_files_deeper_than_any_layout_are_not_looked_for(tmp_path):
    deep = tmp_path.joinpath(*"abcdef")
    deep.mkdir(parents=True)
    (deep / "config.json").write_text(json.dumps({"model_type": "phi3"}), encoding="utf-8")
    with pytest.raises(UserError, match=r"has no readable config\.json"):
        find_base(str(tmp_path))


def test_a_name_means_our_own_base():
    assert find_base("Phi-3-mini-4k-instruct").weights == OWN_BASE
