"""The trainer's command line; the names of hyperparameters are Azure's and Hugging Face's."""

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
    model: Path | None
    method: str
    profile: str
    threads: int
    eval_examples: int
    exact_match_examples: int
    generate_examples: int
    save_steps: int | None
    save_seconds: float | None
    asked: Asked

    @property
    def model_folder(self) -> Path:
        """Return where the tuned model goes."""
        return self.model or self.output / "model"


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
    _add_lora(parser)
    _add_limits(parser)
    _add_measuring(parser)
    return parser


def _add_files(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--train", type=Path, required=True, metavar="FILE", help="JSONL file to learn from")
    add("--validation", type=Path, required=True, metavar="FILE", help="JSONL file to measure with")
    base = "a folder with a Phi-3 model in it or beneath; any other name means our own small model"
    add("--base-model", default="small", metavar="FOLDER_OR_NAME", help=base)
    output = "gets the metrics and checkpoints; the same command goes on from the newest checkpoint there"
    add("--output", type=Path, required=True, metavar="FOLDER", help=output)
    model = "gets the tuned model; default: model/ in --output"
    add("--model", type=Path, default=None, metavar="FOLDER", help=model)


def _add_hyperparameters(parser: argparse.ArgumentParser) -> None:
    add, plain = parser.add_argument, Asked()
    add("--num_train_epochs", type=_whole(1, 1_000_000), default=plain.num_train_epochs, metavar="N")
    size = plain.per_device_train_batch_size
    add("--per_device_train_batch_size", type=_whole(1, 1024), default=size, metavar="N")
    several = "batches that make one step"
    add("--gradient_accumulation_steps", type=_whole(1, 1024), default=1, metavar="N", help=several)
    add("--learning_rate", type=_above_zero, default=plain.learning_rate, metavar="X")
    add("--learning_rate_multiplier", type=_above_zero, default=plain.learning_rate_multiplier, metavar="X")
    warm = "share of the training in which the rate rises"
    add("--warmup_ratio", type=_share, default=None, metavar="X", help=warm)
    add("--weight_decay", type=_share, default=None, metavar="X")
    length = "tokens of an example that are read; longer ones are cut there"
    add("--max_seq_length", type=_whole(16, 131_072), default=None, metavar="N", help=length)
    pack = "on: a row of a batch holds as many examples as fit, none of which sees another"
    add("--packing", type=_switch, default=False, metavar="on|off", help=pack)
    add("--seed", type=_whole(0, 2**31 - 1), default=plain.seed, metavar="N")


def _add_lora(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    method = "auto: LoRA for the profile phi, else all weights"
    add("--method", choices=("auto", "lora", "full"), default="auto", help=method)
    profile = "auto: phi from 100 million parameters on; phi trains with what is asked for"
    add("--profile", choices=("auto", "small", "phi"), default="auto", help=profile)
    add("--lora_r", type=_whole(1, 512), default=None, metavar="N", help="rank of LoRA's matrices")
    add("--lora_alpha", type=_whole(1, 4096), default=None, metavar="N", help="LoRA's scale, times 1/rank")
    add("--lora_dropout", type=_share, default=0.0, metavar="X")


def _add_limits(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--max_steps", type=_whole(1), default=None, metavar="N", help="train so many steps at most")
    add("--max_seconds", type=_above_zero, default=None, metavar="X", help="train so long at most")
    patience = "stop after so many measurements without a better eval_loss, and keep the best; 0: never"
    add("--early_stopping_patience", type=_whole(0, 1000), default=0, metavar="N", help=patience)
    add("--save_steps", type=_whole(1), default=None, metavar="N", help="write a checkpoint every N steps")
    often = "without --save_steps: write a checkpoint about every X seconds; default: 120, 10 for small models"
    add("--save_seconds", type=_above_zero, default=None, metavar="X", help=often)
    add("--threads", type=_whole(1, 1024), default=1, metavar="N", help="processor cores to use")


def _add_measuring(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    every = "measure every N steps; default: after each pass over the examples"
    add("--eval_steps", type=_whole(1), default=None, metavar="N", help=every)
    add("--eval_examples", type=_whole(1), default=200, metavar="N", help="held-out examples to measure with")
    exact = "training questions to ask at the end; 0 for none"
    add("--exact_match_examples", type=_whole(0), default=200, metavar="N", help=exact)
    held_out = "held-out questions to ask the base model and the tuned one; 0 for none"
    add("--generate_examples", type=_whole(0), default=16, metavar="N", help=held_out)


def _whole(least: int, most: int | None = None) -> Callable[[str], int]:
    wanted = f"from {least} on" if most is None else f"from {least} to {most}"

    def number(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if value < least or (most is not None and value > most):
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number {wanted}")
        return value

    return number


def _above_zero(text: str) -> float:
    value = _number(text)
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above zero")
    return value


def _share(text: str) -> float:
    value = _number(text)
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to below 1")
    return value


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _switch(text: str) -> bool:
    words = {"on": True, "true": True, "off": False, "false": False}
    if text.lower() not in words:
        raise argparse.ArgumentTypeError(f"{text!r} is neither on nor off")
    return words[text.lower()]
