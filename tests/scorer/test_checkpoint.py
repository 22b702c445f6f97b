"""Which folder the scoring script takes for the model, and what it says of one that is none."""

import shutil
from pathlib import Path

import pytest
import torch
from transformers import Phi3Config, Phi3ForCausalLM

from scorer import checkpoint
from scorer.checkpoint import UnusableError, load, model_folder
from scorer.starting import serving_from

BASE = Path(__file__).parents[2] / "trainer" / "base"


def laid_out(root: Path, *files: str) -> Path:
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text("{}", "utf-8")
    return root


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (["config.json", "tokenizer.json"], "."),
        (["model/config.json", "model/tokenizer.model"], "model"),
        (["data/model/config.json", "data/model/tokenizer.json", "config.json"], "data/model"),
        (
            ["m/config.json", "m/tokenizer.json", "m/checkpoint-9/config.json", "m/checkpoint-9/tokenizer.json"],
            "m",
        ),
    ],
)
def test_the_least_deep_model_is_the_one(tmp_path: Path, files: list[str], found: str):
    assert model_folder(laid_out(tmp_path, *files)) == tmp_path / found


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ([], "nothing beneath"),
        (["config.json"], "nothing beneath"),
        (["a/config.json", "a/tokenizer.json", "b/config.json", "b/tokenizer.json"], "more than one model"),
    ],
)
def test_no_model_or_several_are_said(tmp_path: Path, files: list[str], why: str):
    with pytest.raises(UnusableError, match=why):
        model_folder(laid_out(tmp_path, *files))


def broken(folder: Path, file: str, content: str | None) -> Path:
    """Return a copy of the small base model in which one file is something else, or missing."""
    shutil.copytree(BASE, folder)
    (folder / file).unlink()
    if content is not None:
        (folder / file).write_text(content, "utf-8")
    return folder


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("model.safetensors", None),
        ("model.safetensors", "no weights"),
        ("config.json", '{"model_type": "no such model"}'),
        ("tokenizer.json", "{}"),
    ],
)
def test_what_does_not_load_is_unusable(tmp_path: Path, file: str, content: str | None):
    with pytest.raises(UnusableError, match="does not load"):
        load(broken(tmp_path / "model", file, content))


def test_a_model_without_a_chat_template_is_unusable(tmp_path: Path):
    with pytest.raises(UnusableError, match="no chat template"):
        load(broken(tmp_path / "model", "chat_template.jinja", None))


@pytest.mark.parametrize(
    ("variables", "starts"),
    [
        ({}, True),
        ({"AML_APP_INSIGHTS_ENABLED": "false"}, True),
        ({"AML_APP_INSIGHTS_ENABLED": "true"}, False),
        ({"AML_APP_INSIGHTS_ENABLED": "true", "APP_INSIGHTS_LOG_RESPONSE_ENABLED": "true"}, False),
        ({"AML_APP_INSIGHTS_ENABLED": "true", "APP_INSIGHTS_LOG_RESPONSE_ENABLED": "False"}, True),
    ],
)
def test_a_server_that_would_keep_answers_does_not_start(
    caplog: pytest.LogCaptureFixture, variables: dict[str, str], starts: bool
):
    environ = {"AZUREML_MODEL_DIR": str(BASE), **variables}
    if starts:
        serving_from(environ)
        return
    with pytest.raises(UnusableError, match="Application Insights"):
        serving_from(environ)
    assert "cannot be served" in caplog.text


ROPES = {
    "plain": {"rope_type": "default", "rope_theta": 10000.0},
    "longrope": {
        "rope_type": "longrope",
        "rope_theta": 10000.0,
        "short_factor": [1.05] * 4,
        "long_factor": [9.0] * 4,
    },
}


@pytest.mark.parametrize("rope", ROPES)
@pytest.mark.parametrize(("large", "weights"), [(1, torch.bfloat16), (checkpoint.LARGE, torch.float32)])
def test_positions_are_counted_in_float32_however_the_weights_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rope: str, large: int, weights: torch.dtype
):
    """In bfloat16 a frequency has three digits: some hundred tokens on, a position would be any other."""
    config = Phi3Config(
        vocab_size=2048, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=4, max_position_embeddings=128, original_max_position_embeddings=24,
        rope_parameters=dict(ROPES[rope]), bos_token_id=None, eos_token_id=None, pad_token_id=0,
    )  # fmt: skip
    shutil.copytree(BASE, tmp_path / "model")
    right = Phi3ForCausalLM(config)
    right.save_pretrained(tmp_path / "model")
    monkeypatch.setattr(checkpoint, "LARGE", large)
    model = load(tmp_path / "model").model
    assert {each.dtype for each in model.parameters()} == {weights}
    frequencies, wanted = dict(model.named_buffers()), dict(right.named_buffers())
    assert frequencies.keys() == wanted.keys()
    assert {each.dtype for each in frequencies.values()} == {torch.float32}
    assert all(torch.equal(frequencies[name].cpu(), wanted[name]) for name in wanted)
