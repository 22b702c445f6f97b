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
    eval_examples: int
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
    _add_files(parser)
    _add_hyperparameters(parser)
    _add_limits(parser)
    return parser


def _add_files(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--train", type=Path, required=True, metavar="FILE", help="JSONL file to learn from")
    add("--validation", type=Path, required=True, metavar="FILE", help="JSONL file to measure with")
    base = "a Phi-3 folder; any other name means our own small model"
    add("--base-model", default="small", metavar="FOLDER_OR_NAME", help=base)
    add("--output", type=Path, required=True, metavar="FOLDER", help="gets model/ and the metrics")


def _add_hyperparameters(parser: argparse.ArgumentParser) -> None:
    add, plain = parser.add_argument, Asked()
    add("--num_train_epochs", type=_whole(1), default=plain.num_train_epochs, metavar="N")
    size = plain.per_device_train_batch_size
    add("--per_device_train_batch_size", type=_whole(1), default=size, metavar="N")
    add("--learning_rate", type=_above_zero, default=plain.learning_rate, metavar="X")
    add("--learning_rate_multiplier", type=_above_zero, default=plain.learning_rate_multiplier, metavar="X")
    add("--seed", type=_whole(0), default=plain.seed, metavar="N")
    method = "auto: LoRA from 100 million parameters on, else all weights"
    add("--method", choices=("auto", "lora", "full"), default="auto", help=method)


def _add_limits(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--max_steps", type=_whole(1), default=None, metavar="N", help="train so many steps at most")
    add("--max_seconds", type=_above_zero, default=None, metavar="X", help="train so long at most")
    add("--threads", type=_whole(1), default=1, metavar="N", help="processor cores to use")
    add("--eval_examples", type=_whole(1), default=200, metavar="N", help="held-out examples to measure with")
    exact = "training questions to ask at the end; 0 for none"
    add("--exact_match_examples", type=_whole(0), default=200, metavar="N", help=exact)


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
