"""What is measured beside the training never ends it: the model is written first, and what cannot be is said."""

import json
from dataclasses import replace

import pytest
import torch

from tests.trainer.conftest import chat, curve
from trainer import evaluate, session
from trainer.batches import bounded
from trainer.run import fine_tune


def _summary(options):
    return json.loads((options.output / "metrics.json").read_text())


def _no_memory(*_):
    raise torch.OutOfMemoryError("CUDA out of memory")


@pytest.mark.parametrize(
    ("what", "missing"),
    [
        ("_greedy", {"answer_exact_match", "exact_match"}),
        ("_predictions", {"eval_loss"}),
    ],
)
def test_too_little_memory_to_measure_does_not_end_the_training(options, monkeypatch, capsys, what, missing):
    monkeypatch.setattr(evaluate, what, _no_memory)
    fine_tune(options)
    assert (options.output / "model" / "model.safetensors").exists()
    summary = _summary(options)
    assert (summary["status"], set(summary["not_measured"])) == ("Completed", missing)
    assert not missing & (summary["tuned"].keys() | summary["base"].keys())
    assert "the accelerator's memory is too small to measure" in capsys.readouterr().out


def test_the_model_is_written_before_it_is_measured(options, monkeypatch):
    written = []

    def answered(*_):
        written.append((options.output / "model" / "config.json").exists())
        raise evaluate.TooLittleMemory

    monkeypatch.setattr(session, "Measuring", type("M", (session.Measuring,), {"exact": answered}))
    with pytest.raises(evaluate.TooLittleMemory):
        fine_tune(options)
    assert written == [True]


def test_questions_longer_than_the_limit_are_left_out_and_counted(options):
    """The last example is trained, since its first answer is within the limit; its last question is not."""
    lines = [chat("Why?", "Because."), chat("Hi!", "Hello.", "word " * 300, "Goodbye.")]
    options.train.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    fine_tune(replace(options, asked=replace(options.asked, max_seq_length=64)))
    summary = _summary(options)
    assert summary["questions_left_out"] == {"train": 1, "validation": 1}
    assert summary["examples"] == {"train": 2, "validation": 2}
    assert {"exact_match", "answer_f1"} < summary["tuned"].keys()


def test_where_no_question_is_short_enough_none_is_asked(options):
    options.train.write_text(json.dumps(chat("Hi!", "Hello.", "word " * 300, "Goodbye.")), encoding="utf-8")
    fine_tune(replace(options, asked=replace(options.asked, max_seq_length=64)))
    assert not {"exact_match", "answer_f1"} & _summary(options)["tuned"].keys()
    assert len(curve(options.output, "eval_loss")) == 7


@pytest.mark.parametrize(
    ("lengths", "groups"),
    [
        ([], []),
        ([5, 3, 4], [[1, 2, 0]]),
        ([90, 2, 2, 2, 2], [[1, 2, 3], [4], [0]]),  # three at once at most, and the long one alone
        ([40, 45, 1], [[2, 0], [1]]),
        ([500, 1], [[1], [0]]),
    ],
)
def test_a_long_one_shares_with_none_and_the_others_go_together(lengths, groups):
    assert list(bounded(lengths, most=3, room=80)) == groups
