"""Runs the trainer from the command line: 0 done, 2 mistake in what was given, 143 told to stop."""

import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from trainer.errors import Stopped, UserError
from trainer.options import parse

STOPPED = 128 + signal.SIGTERM


def main(arguments: Sequence[str]) -> int:
    """Train as the command line asks and return the exit code."""
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
    try:
        options = parse(arguments)
        from trainer.run import fine_tune  # its imports take seconds; mistakes on the command line need none

        fine_tune(options)
    except UserError as error:
        print(f"trainer: {error}", file=sys.stderr)
        return 2
    except Stopped as stop:
        print(f"trainer: stopped by {stop}; no model was written", file=sys.stderr)
        return STOPPED
    return 0


def _stop(number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Stopped(signal.Signals(number).name)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
