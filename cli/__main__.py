"""`python -m cli`: keys for the endpoint, and check and repair of a dataset without any cloud."""

import argparse
import sys
from collections.abc import Callable, Sequence

from cli import check, keys, repair
from shared.errors import TuneDropError


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    root = argparse.ArgumentParser(prog="tunedrop", description="Drop a JSONL file, get a safe endpoint.")
    commands = root.add_subparsers(required=True, metavar="COMMAND")
    check.add_arguments(commands.add_parser("check", help="check a dataset on this machine, before it is dropped"))
    repair.add_arguments(commands.add_parser("repair", help="mend what is safe to mend, into a new file"))
    many = commands.add_parser("keys", help="API keys for /v1 and /runs").add_subparsers(
        required=True, metavar="COMMAND"
    )
    add = many.add_parser("add", help="make a key, print it once, keep its hash only")
    add.add_argument("--owner", required=True, help="who answers for the key's use")
    add.add_argument("--days", type=int, help="days until it expires; never when left out")
    add.add_argument("--model", action="append", default=[], help="a model it may ask; repeat; all when left out")
    add.add_argument("--scope", action="append", choices=("chat", "runs"), help="what it may do; both if left out")
    add.add_argument("--quiet", action="store_true", help="print the key alone")
    add.set_defaults(command=keys.add)
    return root


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code (2: an error that its message explains)."""
    options = parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except (TuneDropError, OSError) as error:
        print(f"tunedrop: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
