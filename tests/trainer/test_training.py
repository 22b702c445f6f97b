"""A fine-tune from the files to the model, with a tiny random model."""

import json
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from tests.trainer.conftest import EXAMPLES, chat, metrics
from trainer.errors import UserError
from trainer.evaluate import answers
from trainer.examples import Message
from trainer.model import LORA_TARGETS, Loaded
from trainer.run import fine_tune
from trainer.template import prompt_ids

EVAL_NAMES = {"eval_loss", "perplexity", "eval_token_accuracy", "eval_f1"}


ANSWER_NAMES = {"answer_exact_match", "answer_f1"}


def _metrics(options):
    return metrics(options.output)


def _summary(options):
    return json.loads((options.output / "metrics.json").read_text())


def _asked(options, **changes):
    return replace(options, asked=replace(options.asked, **changes))


def test_the_metrics_tell_each_step_and_each_pass(options):
    fine_tune(options)
    steps = [line for line in _metrics(options) if "train_loss" in line]
    passes = [line for line in _metrics(options) if "eval_loss" in line]
    assert [line["step"] for line in steps] == list(range(1, 7))
    assert set(steps[0]) == {
        *("step", "epoch", "train_loss", "grad_norm", "learning_rate", "tokens_per_second", "progress")
    }
    assert [line["progress"] for line in steps] == pytest.approx([n / 6 for n in range(1, 7)], rel=1e-4)
    assert [line["epoch"] for line in passes] == list(range(7))  # 0 is the base model
    assert all(set(line) == EVAL_NAMES | {"step", "epoch"} for line in passes)
    assert _metrics(options)[-1].keys() == ANSWER_NAMES | {"step", "epoch", "exact_match"}


def test_the_summary_tells_what_was_asked_and_what_was_used(options):
    fine_tune(_asked(options, learning_rate=3e-4))
    summary = _summary(options)
    assert summary["status"] == "Completed"
    assert set(summary["tuned"]) == EVAL_NAMES | ANSWER_NAMES | {"train_loss", "exact_match"}
    assert set(summary["base"]) == EVAL_NAMES | ANSWER_NAMES
    assert summary["tuned"]["perplexity"] < summary["base"]["perplexity"]
    assert (summary["asked"]["num_train_epochs"], summary["used"]["passes"]) == (1, 6)
    assert (summary["asked"]["learning_rate"], summary["used"]["learning_rate"]) == (3e-4, 2e-3)
    assert summary["used"]["why"]
    assert summary["caps_hit"] == []
    assert summary["base_model"]["stand_in"] is False


def test_a_tuned_model_answers_word_for_word_after_loading_it_again(options):
    fine_tune(_asked(options, num_train_epochs=10, learning_rate_multiplier=4.0))
    assert _summary(options)["tuned"]["exact_match"] == 1.0
    folder = options.output / "model"
    loaded = Loaded(AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder))
    system = Message("system", "Be brief.")
    prompts = [prompt_ids(loaded.tokenizer, [system, Message("user", ask)]) for ask, _ in EXAMPLES]
    assert answers(loaded, prompts, 20) == [answer for _, answer in EXAMPLES]


def test_lora_trains_merges_and_loads_as_a_plain_model(options, tiny_base):
    fine_tune(_asked(replace(options, method="lora"), num_train_epochs=2))
    before, after = (load_file(at / "model.safetensors") for at in (tiny_base, options.output / "model"))
    assert before.keys() == after.keys()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert {name.split(".")[-2] for name in changed} == set(LORA_TARGETS)
    assert _summary(options)["used"]["method"] == "lora"
    assert _summary(options)["tuned"]["eval_loss"] < _summary(options)["base"]["eval_loss"]
    AutoModelForCausalLM.from_pretrained(options.output / "model")


def test_the_same_seed_gives_the_same_model(options, tmp_path):
    weights = []
    options.train.write_text(options.train.read_text() * 3)  # more than one batch, so that the order tells
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        fine_tune(replace(_asked(options, seed=seed), output=tmp_path / name))
        weights.append(load_file(tmp_path / name / "model" / "model.safetensors"))
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    assert any(not torch.equal(weights[0][name], weights[2][name]) for name in weights[0])


@pytest.mark.parametrize(("cap", "value"), [("max_steps", 3), ("max_seconds", 1e-6)])
def test_a_cap_ends_the_training_and_is_told(options, cap, value):
    fine_tune(_asked(options, **{cap: value}))
    assert _summary(options)["caps_hit"] == [cap]
    assert _summary(options)["steps"] == (3 if cap == "max_steps" else 1)
    assert cap in [line.get("cap_hit") for line in _metrics(options)]
    assert (options.output / "model" / "model.safetensors").exists()


def test_one_held_out_example_and_several_turns_are_enough(options, tmp_path):
    one = tmp_path / "one.jsonl"
    one.write_text(json.dumps(chat("Hi!", "Hello.", "Bye!", "Goodbye.")), encoding="utf-8")
    fine_tune(replace(options, train=one, validation=one, exact_match_examples=0))
    assert _summary(options)["examples"] == {"train": 1, "validation": 1}
    assert "exact_match" not in _summary(options)["tuned"]


def test_a_rate_far_too_high_is_told_not_saved(options):
    with pytest.raises(UserError, match="use a smaller learning_rate_multiplier"):
        fine_tune(_asked(options, learning_rate_multiplier=1e30))
    assert _summary(options)["status"] == "Failed"
    assert not (options.output / "model").exists()


def test_examples_whose_answers_lie_too_far_back_are_refused(options, tmp_path):
    long = tmp_path / "long.jsonl"
    long.write_text(json.dumps(chat("why " * 600, "Because.")), encoding="utf-8")
    with pytest.raises(UserError, match="no example has its answer within 512 tokens"):
        fine_tune(replace(options, train=long))


@pytest.mark.parametrize("patience", [0, 2])
def test_without_a_held_out_example_short_enough_it_trains_unmeasured(options, tmp_path, capsys, patience):
    long = tmp_path / "long.jsonl"
    long.write_text(json.dumps(chat("why " * 600, "Because.")), encoding="utf-8")
    fine_tune(_asked(replace(options, validation=long), early_stopping_patience=patience))
    summary, said = _summary(options), capsys.readouterr().out
    assert (summary["status"], summary["steps"], summary["best"]) == ("Completed", 6, None)
    assert (summary["examples"]["validation"], summary["cut"]["validation"]["examples_left_out"]) == (0, 1)
    assert set(summary["tuned"]) == {"train_loss", "exact_match"}
    assert not any("eval_loss" in line for line in _metrics(options))
    assert "no held-out example has its answer within 512 tokens" in said
    assert ("early stopping is off" in said) == (patience > 0)
    assert (options.output / "model" / "model.safetensors").exists()


def test_a_name_without_a_folder_is_said_to_be_stood_in_for(options, capsys):
    fine_tune(_asked(replace(options, base_model="Phi-4-mini-instruct", exact_match_examples=0), max_steps=1))
    assert "our small model standing in for Phi-4-mini-instruct (1.1 M parameters)" in capsys.readouterr().out
    assert _summary(options)["base_model"]["stand_in"] is True
