"""`tunedrop`, or `python -m cli`: datasets, runs and keys from the command line."""

import sys
from collections.abc import Sequence

import typer

from cli import dataset_commands, doctor_commands, drop_command, key_commands, policy_commands, run_commands
from cli.program import PROGRAM
from shared.errors import TuneDropError

root = typer.Typer(
    help="Drop a JSONL file, get a safe endpoint.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help takes half the time
    context_settings={"help_option_names": ["-h", "--help"]},
)
root.add_typer(dataset_commands.commands)
root.add_typer(drop_command.commands)
root.add_typer(run_commands.commands)
root.add_typer(doctor_commands.commands)
root.add_typer(key_commands.commands, name="keys")
root.add_typer(policy_commands.commands, name="policy")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code: 0 yes, 1 no, 2 an error that its message explains."""
    try:
        typer.main.get_command(root).main(arguments, prog_name=PROGRAM)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except (TuneDropError, OSError) as error:
        print(f"tunedrop: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
