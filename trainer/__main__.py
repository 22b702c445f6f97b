"""Runs the trainer from the command line: 0 done, 2 mistake in what was given, 143 told to stop."""

import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from trainer.errors import Stopped, UserError
from trainer.options import parse
from trainer.run import fine_tune


def main(arguments: Sequence[str]) -> int:
    """Train as the command line asks and return the exit code."""
    try:
        fine_tune(parse(arguments))
    except UserError as error:
        print(f"trainer: {error}", file=sys.stderr)
        return 2
    except Stopped as stop:
        print(f"trainer: {stop}; the training is not finished", file=sys.stderr)
        return stop.exit_code
    return 0


def _stop(number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise Stopped(number)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
    sys.exit(main(sys.argv[1:]))
