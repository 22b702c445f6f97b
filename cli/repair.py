"""`tunedrop repair`: mend what is safe to mend, and say what is not."""

import argparse
import sys
from functools import partial
from pathlib import Path

from rich.console import Console

from cli.check import checked
from cli.files import chunks, write_whole
from cli.screen import console, show_groups
from shared.core.dataset.findings import Severity
from shared.core.dataset.grouping import groups_of, spans
from shared.core.dataset.naming import NotADataset
from shared.core.dataset.objects import NotRepairable
from shared.core.dataset.repair import ALL, FIXES, Changes, repaired


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be asked of the repair: each fix can be switched off."""
    parser.add_argument("file", type=Path, help="the file to repair; it is not changed")
    parser.add_argument("out", type=Path, help="the file to write")
    parser.add_argument("--force", action="store_true", help="replace OUT where it is there already")
    for fix in FIXES:
        parser.add_argument(f"--no-{fix.name}", action="append_const", dest="without", const=fix.name, help=fix.no)
    parser.set_defaults(command=run, without=[])


def run(options: argparse.Namespace) -> int:
    """Write the repaired file; exit 0 when it is fit to train on, 1 when errors are left, 2 without it."""
    problem = _problem(options)
    if problem:
        print(f"tunedrop: {problem}", file=sys.stderr)
        return 2
    changes, switches = Changes(), ALL - frozenset(options.without)
    try:
        write_whole(options.out, repaired(partial(chunks, options.file), changes, switches))
    except NotRepairable as why:
        print(f"tunedrop: {why}; nothing was written. That is for you to mend", file=sys.stderr)
        return 2
    screen = console()
    _show_changes(screen, changes)
    screen.print(f"Written: {options.out}")
    return _show_rest(screen, options.out)


def _problem(options: argparse.Namespace) -> str:
    """Return why nothing may be written, or nothing."""
    source, out = options.file, options.out
    if not source.is_file():
        return f"{source} is not a file"
    if out.exists() and out.samefile(source):
        return "the repaired file must have another name: the input is never changed"
    if out.exists() and not options.force:
        return f"{out} is there already; --force replaces it"
    return ""


def _show_changes(screen: Console, changes: Changes) -> None:
    """Show each fix that changed something, with its lines."""
    for fix in FIXES:
        times = changes.counts[fix.name]
        if times:
            lines = changes.lines[fix.name]
            where = f": line{'s' if len(lines) > 1 else ''} {spans(lines)}" if lines else ""
            further = f" and {times - len(lines):,} more" if lines and times > len(lines) else ""
            screen.print(f"  {fix.did}{where}{further}")
    if not changes.counts:
        screen.print("There was nothing to repair.")


def _show_rest(screen: Console, out: Path) -> int:
    """Show what is not safe to repair and stays as it was; return the exit code."""
    try:
        report = checked(out)
    except NotADataset as problem:
        screen.print(f"Not checked, for its name: {problem}")
        return 0
    left = tuple(group for group in groups_of(report) if group.severity is not Severity.NOTE)
    if left:
        screen.print("Not touched, since only you know what is right:")
    show_groups(screen, left, report.dataset.name)
    return 0 if report.accepted else 1
