"""One fine-tune, from reading the examples to writing the summary."""

import os
from dataclasses import asdict, replace
from typing import Any

from trainer.bases import Base, find_base
from trainer.checkpoints import Checkpoints
from trainer.errors import Stopped, UserError
from trainer.examples import read_examples
from trainer.fingerprint import fingerprint
from trainer.launch import rank, world_size
from trainer.options import Options
from trainer.records import NoRecords, Records
from trainer.state import State
from trainer.tracking import listeners


def fine_tune(options: Options) -> None:
    """Train as asked, or go on where the same training was killed; write model, metrics and summary."""
    train, validation = read_examples(options.train), read_examples(options.validation)
    base = find_base(options.base_model)
    checkpoints = _checkpoints(options, base)
    state = checkpoints.newest()
    records = _records(options, state)
    state = _begin(options, records, checkpoints, state)
    try:
        from trainer.session import Session  # imports torch, which takes seconds; mistakes are told before

        session = Session(options, base, records, checkpoints)
        records.finish(session.run(train, validation, state))
        session.close()
    except (Stopped, UserError) as end:
        records.finish(_broken_off(options, end))
        raise


def _begin(options: Options, records: Records, checkpoints: Checkpoints, state: State | None) -> State:
    """Say where the training begins, and remove checkpoints that it does not begin from."""
    if state:
        records.say(f"going on from the checkpoint at step {state.step}")
        return replace(state, resumed_at=(*state.resumed_at, state.step))
    if rank(os.environ) == 0 and checkpoints.left_over():
        records.say(
            f"the checkpoints in {options.output} are broken off, or of other options or data: starting anew"
        )
        checkpoints.clear()
    return State()


def _broken_off(options: Options, end: BaseException) -> dict[str, Any]:
    status = "Canceled" if isinstance(end, Stopped) else "Failed"
    return {"status": status, "reason": str(end), "asked": asdict(options.asked)}


def _checkpoints(options: Options, base: Base) -> Checkpoints:
    mark = fingerprint(options, base, world_size(os.environ))
    keep_best = options.asked.early_stopping_patience > 0
    return Checkpoints(options.output / "checkpoints", mark, keep_best=keep_best)


def _records(options: Options, state: State | None) -> Records:
    if rank(os.environ) != 0:
        return NoRecords()
    try:
        return Records(options.output, state.step if state else None, listeners(os.environ))
    except OSError as error:
        what = f"cannot be written ({error.strerror})"
        raise UserError(f"--output {options.output}", what, "give a folder that you may write to") from error
