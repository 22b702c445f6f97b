"""A training that is killed goes on when the same command runs again, as if nothing had happened."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from safetensors.torch import load_file

from tests.trainer.conftest import chat, curve, metrics
from trainer.options import Options, parse
from trainer.run import fine_tune

SAME = 1e-5  # relative; metrics.jsonl has six digits
SETTINGS = {
    "all weights": ["--num_train_epochs", "4", "--save_steps", "5"],
    "LoRA as on a GPU, mid-size": [
        *("--profile", "phi", "--num_train_epochs", "6", "--learning_rate", "1e-3", "--lora_dropout", "0.1"),
        *("--per_device_train_batch_size", "2", "--gradient_accumulation_steps", "2", "--packing", "on"),
        *("--max_seq_length", "64", "--save_steps", "3"),
    ],
}
BASES = {"all weights": "tiny_base", "LoRA as on a GPU, mid-size": "mid_base"}


@pytest.fixture
def data(dataset: Path) -> Path:
    """Return 24 examples, so that there is an order of data to keep."""
    lines = [json.dumps(chat(f"What is {i} and {i}?", f"It is {2 * i}, or {'x' * (i % 7)}.")) for i in range(24)]
    dataset.write_text("\n".join(lines), encoding="utf-8")
    return dataset


def _command(data: Path, base: Path, output: Path, settings: list[str]) -> list[str]:
    files = ("--train", data, "--validation", data, "--base-model", base, "--output", output)
    return [*map(str, files), *settings, "--exact_match_examples", "0", "--generate_examples", "2"]


def _kill_after_checkpoints(command: list[str], count: int) -> None:
    """Start the trainer and kill it while it trains on, once it has written so many checkpoints."""
    program = [sys.executable, "-m", "trainer", *command]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as process:
        watchdog = threading.Timer(120, process.kill)  # ends the output, and so the wait for it
        watchdog.start()
        said = (line for line in process.stdout if "checkpoint at step" in line)
        found = [next(said, "") for _ in range(count)]
        process.kill()
        watchdog.cancel()
    assert all(found)
    assert process.returncode == -9


@pytest.mark.parametrize("setting", SETTINGS)
def test_after_sigkill_the_training_goes_on_with_the_same_loss_curve(request, data, tmp_path, capsys, setting):
    base = request.getfixturevalue(BASES[setting])
    whole, killed = (tmp_path / name for name in ("whole", "killed"))
    fine_tune(parse(_command(data, base, whole, SETTINGS[setting])))
    command = _command(data, base, killed, SETTINGS[setting])
    _kill_after_checkpoints(command, 2)
    assert not (killed / "metrics.json").exists()
    assert not (killed / "model").exists()
    capsys.readouterr()
    fine_tune(parse(command))
    assert "going on from the checkpoint at step" in capsys.readouterr().out
    for name in ("train_loss", "learning_rate", "eval_loss", "answer_f1"):
        assert curve(killed, name) == pytest.approx(curve(whole, name), rel=SAME), name
    resumed, plain = (json.loads((at / "metrics.json").read_text()) for at in (killed, whole))
    assert 0 < resumed["resumed_at"][0] < resumed["steps"] == plain["steps"]
    assert resumed["base"] == pytest.approx(plain["base"])
    assert resumed["tuned"] == pytest.approx(plain["tuned"], rel=SAME)
    before, after = (load_file(at / "model" / "model.safetensors") for at in (whole, killed))
    assert max(float((before[name] - after[name]).abs().max()) for name in before) < SAME


@pytest.fixture
def half(data: Path, tiny_base: Path, tmp_path: Path) -> Options:
    """Return a command of which a half is done: it ended at its cap with a checkpoint."""
    asked = parse(_command(data, tiny_base, tmp_path / "out", ["--num_train_epochs", "1", "--save_steps", "4"]))
    fine_tune(asked)
    assert [folder.name for folder in (asked.output / "checkpoints").iterdir()] == ["step-00000036"]
    return asked


def test_a_training_that_had_come_to_its_end_is_finished_again(half, capsys):
    before = metrics(half.output)
    fine_tune(half)
    assert "going on from the checkpoint at step 36" in capsys.readouterr().out
    assert metrics(half.output) == before
    assert json.loads((half.output / "metrics.json").read_text())["resumed_at"] == [36]


@pytest.mark.parametrize(
    ("option", "value"), [("--learning_rate_multiplier", "0.5"), ("--seed", "3"), ("--num_train_epochs", "2")]
)
def test_another_training_begins_anew_and_says_so(half, data, tiny_base, capsys, option, value):
    other = parse(_command(data, tiny_base, half.output, ["--max_steps", "2", option, value]))
    capsys.readouterr()
    fine_tune(other)
    assert "or of other options or data: starting anew" in capsys.readouterr().out
    assert sorted(curve(half.output)) == [1, 2]
    assert not (half.output / "checkpoints").exists()


DAMAGED = (
    b"\0" * 40,
    b"\xff\xfe",
    b"[1]",
    b"7",
    b'{"epoch": 1}',
    b'{"step": "7"}',
    b'{"step": null}',
    b"[" * 100_000,
)


def test_lines_that_a_kill_damaged_are_passed_over(half):
    """Zeros are what a machine that lost its power leaves of a line."""
    file = half.output / "metrics.jsonl"
    before = metrics(half.output)
    first, _, rest = file.read_bytes().partition(b"\n")
    file.write_bytes(b"\n".join([first, *DAMAGED, rest]))
    fine_tune(half)
    assert metrics(half.output) == before


def test_lines_of_later_steps_and_broken_ones_are_removed(half):
    file = half.output / "metrics.jsonl"
    with file.open("a", encoding="utf-8") as lines:
        lines.write('{"step": 37, "epoch": 6.1, "train_loss": 9}\n{"step": 38, "tr')
    fine_tune(half)
    assert sorted(curve(half.output)) == list(range(1, 37))
