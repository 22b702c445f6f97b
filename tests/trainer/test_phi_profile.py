"""The way of real weights, with a random Phi-3 of four million parameters: LoRA, merge, load again."""

import json

import pytest
import torch
from transformers import AutoModelForCausalLM

from tests.trainer.conftest import curve
from trainer.bases import find_base
from trainer.batches import alone
from trainer.checkpoints import Checkpoints
from trainer.evaluate import scores
from trainer.loop import Training, plan_for
from trainer.model import load, look, merged, number_formats, prepared
from trainer.options import parse
from trainer.profile import Asked, used_for
from trainer.ranks import Ranks
from trainer.records import Records
from trainer.run import fine_tune
from trainer.state import State
from trainer.template import Tokens
from trainer.writing import save

CPU = torch.device("cpu")
PHI = 3_800_000_000
MERGED_LIKE_ADAPTER = 1e-4  # largest difference of a logit, in float32
ASKED = Asked(num_train_epochs=4, per_device_train_batch_size=2, learning_rate=1e-3, lora_r=4, lora_alpha=16)


def _tokens(count):
    ids = torch.randint(10, 2000, (count, 20), generator=torch.Generator().manual_seed(1)).tolist()
    return [Tokens(tuple(row), tuple(row)) for row in ids]


def _trained(loaded, folder):
    """Return the model with LoRA after a few steps."""
    used = used_for(ASKED, "lora", "phi")
    training = type(loaded)(prepared(loaded.model, used), loaded.tokenizer, loaded.half)
    rows, team = alone(_tokens(6)), Ranks()
    plan = plan_for(rows, used, ASKED, team, (None, 1e9))
    checkpoints = Checkpoints(folder / "checkpoints", "mark")
    evaluate = lambda: {"eval_loss": 1.0}  # noqa: E731
    loop = Training(training, used, plan, team, Records(folder), checkpoints, evaluate)
    return training, used, loop.run(rows, State())


def test_merged_weights_answer_as_the_adapter_does(mid_base, tmp_path):
    loaded = load(look(find_base(str(mid_base))), "lora", CPU)
    before = {name: weight.clone() for name, weight in loaded.model.named_parameters()}
    training, used, (state, why) = _trained(loaded, tmp_path)
    assert (state.step, why) == (12, "done")
    names = {name.split(".")[-2] for name, weight in training.model.named_parameters() if weight.requires_grad}
    assert names == {"default"}  # the adapter's, and none of the base's
    batch = training.batch(alone(_tokens(3)))
    training.model.eval()
    with torch.no_grad():
        adapter = training.logits(batch.inputs)
        plain = merged(training.model, used)
        after = plain(**batch.inputs).logits[:, :-1]
    assert float((adapter - after).abs().max()) < MERGED_LIKE_ADAPTER
    changed = {name for name, weight in plain.named_parameters() if not torch.equal(weight, before[name])}
    assert {name.split(".")[-2] for name in changed} == {"qkv_proj", "o_proj", "gate_up_proj", "down_proj"}


def test_in_bfloat16_the_adapter_stays_in_float32_and_learns(mid_base, tmp_path):
    found = look(find_base(str(mid_base)))
    loaded = load(type(found)(found.base, found.config, PHI), "lora", CPU)
    frequencies = loaded.model.model.rotary_emb.inv_freq
    assert (loaded.model.dtype, loaded.half, frequencies.dtype) == (torch.bfloat16, torch.bfloat16, torch.float32)
    training, _, _ = _trained(loaded, tmp_path)
    trainable = [weight for weight in training.model.parameters() if weight.requires_grad]
    assert {weight.dtype for weight in trainable} == {torch.float32}
    assert training.model.is_activation_checkpointing
    losses = curve(tmp_path)
    assert losses[12] < losses[1]


def test_what_is_written_in_bfloat16_is_measured_afterwards_as_well_as_before(mid_base, tmp_path):
    """Were the frequencies of positions rounded too, the end of a long text would be measured wrongly."""
    found = look(find_base(str(mid_base)))
    loaded = load(type(found)(found.base, found.config, PHI), "full", CPU)
    before = scores(loaded, _tokens(3), Ranks())
    save(loaded, tmp_path / "model")
    assert {weight.dtype for weight in loaded.model.parameters()} == {torch.bfloat16}
    assert {buffer.dtype for buffer in loaded.model.buffers()} == {torch.float32}
    assert AutoModelForCausalLM.from_pretrained(tmp_path / "model").dtype == torch.bfloat16
    assert scores(loaded, _tokens(3), Ranks()).eval_loss == pytest.approx(before.eval_loss, rel=0.01)


@pytest.mark.parametrize(
    ("parameters", "method", "formats"),
    [
        (1_000_000, "full", (torch.float32, None)),
        (1_000_000, "lora", (torch.float32, None)),
        (PHI, "lora", (torch.bfloat16, torch.bfloat16)),
        (PHI, "full", (torch.float32, torch.bfloat16)),
    ],
)
def test_number_formats(parameters, method, formats):
    assert number_formats(parameters, method, CPU) == formats


def test_the_command_trains_merges_and_the_model_loads_again(mid_base, dataset, tmp_path):
    output = tmp_path / "out"
    files = ("--train", dataset, "--validation", dataset, "--base-model", mid_base, "--output", output)
    settings = "--profile phi --num_train_epochs 10 --per_device_train_batch_size 4 --learning_rate 2e-3"
    fine_tune(parse([*map(str, files), *settings.split()]))
    summary = json.loads((output / "metrics.json").read_text())
    assert (summary["used"]["profile"], summary["used"]["method"]) == ("phi", "lora")
    assert (summary["used"]["passes"], summary["used"]["learning_rate"], summary["steps"]) == (10, 2e-3, 10)
    assert summary["tuned"]["eval_loss"] < summary["base"]["eval_loss"]
    model = AutoModelForCausalLM.from_pretrained(output / "model")
    assert not any("lora" in name for name, _ in model.named_parameters())
