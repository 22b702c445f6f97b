"""The trainer's command line."""

import argparse
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from trainer.errors import UserError
from trainer.profile import Asked


@dataclass(frozen=True)
class Options:
    """What the caller wants trained, on what, and where the result goes."""

    train: Path
    validation: Path
    base_model: str
    output: Path
    method: str
    threads: int
    exact_match_examples: int
    asked: Asked


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UserError("command line", message, "see python -m trainer --help")


def parse(arguments: Sequence[str]) -> Options:
    """Return what the command line asks for."""
    given = vars(_parser().parse_args(arguments))
    asked = Asked(**{name: given.pop(name) for name in Asked.__dataclass_fields__})
    return Options(asked=asked, **given)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m trainer", description="Fine-tune a Phi-3 model on chat examples.")
    add, plain = parser.add_argument, Asked()
    add("--train", type=Path, required=True, metavar="FILE", help="JSONL file to learn from")
    add("--validation", type=Path, required=True, metavar="FILE", help="JSONL file to measure with")
    add(
        "--base-model",
        default="small",
        metavar="FOLDER_OR_NAME",
        help="a Phi-3 folder; a name: our small model",
    )
    add(
        "--output",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="gets model/, metrics.jsonl, summary.json",
    )
    add(
        "--method",
        choices=("auto", "lora", "full"),
        default="auto",
        help="auto: LoRA from 100 M parameters on",
    )
    add("--num_train_epochs", type=_whole(1), default=plain.num_train_epochs, metavar="N")
    add(
        "--per_device_train_batch_size",
        type=_whole(1),
        default=plain.per_device_train_batch_size,
        metavar="N",
    )
    add("--learning_rate", type=_above_zero, default=plain.learning_rate, metavar="X")
    add("--learning_rate_multiplier", type=_above_zero, default=plain.learning_rate_multiplier, metavar="X")
    add("--seed", type=_whole(0), default=plain.seed, metavar="N")
    add("--max_steps", type=_whole(1), default=None, metavar="N", help="stop after so many steps")
    add("--max_seconds", type=_above_zero, default=None, metavar="X", help="stop training after so long")
    add("--threads", type=_whole(1), default=2, metavar="N", help="processor cores to use")
    add(
        "--exact_match_examples",
        type=_whole(0),
        default=200,
        metavar="N",
        help="training questions to ask at the end",
    )
    return parser


def _whole(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if value < least:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} on")
        return value

    return number


def _above_zero(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above zero")
    return value
