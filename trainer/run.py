"""One fine-tune, from reading the examples to writing the summary."""

from dataclasses import asdict

from trainer.bases import find_base
from trainer.errors import Stopped, UserError
from trainer.examples import read_examples
from trainer.options import Options
from trainer.records import Records


def fine_tune(options: Options) -> None:
    """Train as asked; write the model, the metrics and the summary into the output folder."""
    train, validation = read_examples(options.train), read_examples(options.validation)
    base = find_base(options.base_model)
    records = _records(options)
    try:
        from trainer.session import Session  # imports torch, which takes seconds; mistakes are told before

        records.finish(Session(options, base, records).run(train, validation))
    except (Stopped, UserError) as end:
        status = "Canceled" if isinstance(end, Stopped) else "Failed"
        records.finish({"status": status, "reason": str(end), "asked": asdict(options.asked)})
        raise


def _records(options: Options) -> Records:
    try:
        return Records(options.output)
    except OSError as error:
        what = f"cannot be written ({error.strerror})"
        raise UserError(f"--output {options.output}", what, "give a folder that you may write to") from error
