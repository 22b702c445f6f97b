"""Told to stop, the program stops: at once, with a message, without half a model."""

import json
import signal
import subprocess
import sys

import pytest


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGTERM to catch")
def test_sigterm_ends_the_training_cleanly(arguments, tmp_path):
    command = [sys.executable, "-m", "trainer", *arguments, "--num_train_epochs", "100000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        assert "examples to learn" in program.stdout.readline()
        program.send_signal(signal.SIGTERM)
        _, said = program.communicate(timeout=30)
    assert program.returncode == 143
    assert said == "trainer: stopped by SIGTERM; the training is not finished\n"
    assert json.loads((tmp_path / "out" / "metrics.json").read_text())["status"] == "Canceled"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "loss.svg",
        "metrics.json",
        "metrics.jsonl",
    ]
