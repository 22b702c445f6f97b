"""Two processes train as one with twice the batch does, and go on together after a kill."""

import json
import os
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest

from tests.trainer.conftest import chat, curve
from trainer.options import parse
from trainer.run import fine_tune

SAME = 1e-4  # relative: sums over the processes round otherwise than sums over one batch
PLAIN = ("--profile", "phi", "--num_train_epochs", "3", "--learning_rate", "1e-3", "--threads", "1")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def _together(command, count=2):
    """Run the trainer in several processes as Azure ML's PyTorch distribution starts them."""
    shared = {"WORLD_SIZE": str(count), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(_free_port())}
    processes = []
    for rank in map(str, range(count)):
        own = {"RANK": rank, "LOCAL_RANK": rank, "LOCAL_WORLD_SIZE": str(count), "OMP_NUM_THREADS": "1"}
        program = [sys.executable, "-m", "trainer", *command]
        environment = {**os.environ, **shared, **own}
        processes.append(subprocess.Popen(program, env=environment, stdout=subprocess.PIPE, text=True))
    watchdog = threading.Timer(120, lambda: [process.kill() for process in processes])
    watchdog.start()
    try:
        yield processes
    finally:
        watchdog.cancel()
        for process in processes:
            process.kill()
            process.wait()
            process.stdout.close()


def test_two_processes_also_when_killed_have_the_loss_curve_of_one_with_twice_the_batch(
    mid_base, dataset, tmp_path
):
    # 11 examples: the last step of each pass has fewer than the processes could share evenly
    lines = [json.dumps(chat(f"What is {i}?", f"It is {'very ' * (i % 5)}{i}.")) for i in range(11)]
    dataset.write_text("\n".join(lines), encoding="utf-8")
    files = ["--train", str(dataset), "--validation", str(dataset), "--base-model", str(mid_base)]
    plain = [*PLAIN, "--early_stopping_patience", "9"]
    command = [*files, *plain, "--output", str(tmp_path / "two"), "--per_device_train_batch_size", "1"]
    with _together(command) as (first, _):
        assert any("checkpoint at step" in line for line in first.stdout)
    with _together(command) as (first, second):
        said, nothing = first.stdout.read(), second.stdout.read()
        assert (first.wait(), second.wait()) == (0, 0)
    assert "2 processes" in said
    assert nothing == ""
    assert "going on from the checkpoint at step" in said
    fine_tune(parse([*files, *plain, "--output", str(tmp_path / "one"), "--per_device_train_batch_size", "2"]))
    for name in ("train_loss", "grad_norm", "eval_loss", "learning_rate", "answer_f1"):
        assert curve(tmp_path / "two", name) == pytest.approx(curve(tmp_path / "one", name), rel=SAME), name
    first, second = (json.loads((tmp_path / at / "metrics.json").read_text()) for at in ("two", "one"))
    assert (first["steps"], first["tokens"]) == (second["steps"], second["tokens"]) == (18, second["tokens"])
    assert first["tuned"] == pytest.approx(second["tuned"], rel=SAME)


def test_accumulated_batches_have_the_loss_curve_of_large_ones(tiny_base, dataset, tmp_path):
    files = ["--train", str(dataset), "--validation", str(dataset), "--base-model", str(tiny_base)]
    for size, steps in ((4, 1), (2, 2), (1, 4)):
        batches = ["--per_device_train_batch_size", str(size), "--gradient_accumulation_steps", str(steps)]
        fine_tune(parse([*files, *PLAIN, *batches, "--output", str(tmp_path / str(size))]))
    for other in ("2", "1"):
        for name in ("train_loss", "grad_norm"):
            assert curve(tmp_path / other, name) == pytest.approx(curve(tmp_path / "4", name), rel=SAME), name
