"""Early stopping ends a training that gets no better, and the best weights are those that are written."""

import json
from dataclasses import replace

import pytest

from tests.trainer.conftest import EXAMPLES, chat, curve, metrics
from trainer.bases import find_base
from trainer.evaluate import scores
from trainer.examples import read_examples
from trainer.model import load, look
from trainer.ranks import Ranks
from trainer.run import fine_tune
from trainer.state import Best
from trainer.template import tokens_of


@pytest.mark.parametrize(
    ("losses", "step", "since"),
    [([3.0], 1, 0), ([3.0, 2.0, 1.0], 3, 0), ([3.0, 1.0, 2.0, 1.0], 2, 2), ([1.0, 1.0, 1.0], 1, 2)],
)
def test_the_best_is_the_first_with_the_lowest_loss(losses, step, since):
    best = Best(1, 0.1, losses[0])
    for at, loss in enumerate(losses[1:], start=2):
        best = best.after(at, at / 10, loss)
    assert (best.step, best.since) == (step, since)


@pytest.fixture
def overfitting(options, tmp_path):
    """Return a training whose held-out loss soon rises: other answers are right there."""
    held_out = tmp_path / "held-out.jsonl"
    wrong = [chat(question, EXAMPLES[i - 1][1]) for i, (question, _) in enumerate(EXAMPLES)]
    held_out.write_text("\n".join(map(json.dumps, wrong)), encoding="utf-8")
    asked = replace(options.asked, num_train_epochs=20, learning_rate_multiplier=3.0, early_stopping_patience=3)
    return replace(options, validation=held_out, asked=asked, exact_match_examples=0, generate_examples=0)


def _summary(options):
    return json.loads((options.output / "metrics.json").read_text())


def _loss_of_the_written_model(options):
    folder = options.output / "model"
    loaded = load(look(find_base(str(folder))), "full", Ranks().device)
    held_out = [tokens_of(loaded.tokenizer, example) for example in read_examples(options.validation)]
    return scores(loaded, held_out, Ranks()).eval_loss


@pytest.mark.parametrize("method", ["full", "lora"])
def test_the_training_ends_after_its_patience_and_the_best_is_written(overfitting, method):
    asked = replace(overfitting, method=method)
    fine_tune(asked)
    losses = curve(asked.output, "eval_loss")
    losses.pop(0)  # the base model
    lowest = min(losses, key=losses.get)
    summary = _summary(asked)
    assert summary["ended_by"] == "early_stopping"
    assert summary["steps"] == lowest + 3 < 120
    assert (summary["best"]["step"], summary["best"]["written"]) == (lowest, True)
    assert summary["best"]["eval_loss"] == pytest.approx(losses[lowest], rel=1e-5)
    assert summary["tuned"]["eval_loss"] == pytest.approx(losses[lowest], rel=1e-4)
    assert _loss_of_the_written_model(asked) == pytest.approx(losses[lowest], rel=1e-4)
    assert [line["best_step"] for line in metrics(asked.output) if "best_step" in line] == [lowest]


def test_without_patience_the_last_weights_are_written(overfitting):
    patient = replace(overfitting.asked, early_stopping_patience=0, max_steps=90)
    fine_tune(replace(overfitting, asked=patient))
    summary = _summary(overfitting)
    assert (summary["steps"], summary["ended_by"], summary["best"]["written"]) == (90, "max_steps", False)
    assert summary["tuned"]["eval_loss"] > summary["best"]["eval_loss"]
    assert not (overfitting.output / "checkpoints").exists()


def test_measurements_come_as_often_as_asked(options):
    fine_tune(replace(options, asked=replace(options.asked, num_train_epochs=2, eval_steps=5)))
    assert sorted(curve(options.output, "eval_loss")) == [0, 5, 10, 12]
