"""Has the trainer's command line and pretends: its training file says what shall happen."""

import argparse
import json
import shutil
import signal
import sys
from pathlib import Path

BASE = Path(__file__).parents[2] / "trainer" / "base"

parser = argparse.ArgumentParser()
for name in ("--train", "--validation", "--output"):
    parser.add_argument(name, type=Path, required=True)
for name in ("--base-model", "--num_train_epochs", "--per_device_train_batch_size", "--learning_rate"):
    parser.add_argument(name, required=True)
parser.add_argument("--learning_rate_multiplier")
asked = parser.parse_args()
text = asked.train.read_text("utf-8")
asked.output.mkdir(parents=True)
lines = [
    {"step": 0, "epoch": 0, "eval_loss": 4.0},
    {"step": 10, "epoch": 0.5, "train_loss": 2.5, "learning_rate": 0.002},
    {"step": 20, "epoch": 1.0, "train_loss": 1.5, "note": "not a number"},
]
with (asked.output / "metrics.jsonl").open("w", encoding="utf-8") as metrics:
    metrics.writelines(json.dumps(line) + "\n" for line in lines)
    metrics.write('{"step": 30, "train_')  # half a line, as while it is being written
if "please fail" in text:
    print("something on the way", file=sys.stderr)
    print("trainer: line 1: the example is bad; mend it", file=sys.stderr)
    sys.exit(2)
if "please hang" in text:
    signal.pause()
if "please be stubborn" in text:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.pause()
if "please forget" not in text:
    shutil.copytree(BASE, asked.output / "model")
