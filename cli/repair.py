"""`tunedrop repair`: mend what is safe to mend, and say what is not."""

from functools import partial
from pathlib import Path

from rich.console import Console

from cli.check import checked
from cli.errors import CommandError
from cli.files import chunks, write_whole
from cli.output import console
from cli.screen import show_groups
from shared.core.dataset.findings import Severity
from shared.core.dataset.grouping import groups_of, spans
from shared.core.dataset.lines import Changed
from shared.core.dataset.naming import NotADataset
from shared.core.dataset.objects import NotRepairable
from shared.core.dataset.repair import ALL, FIXES, Changes, repaired


def run(path: Path, out: Path, without: frozenset[str] = frozenset(), *, force: bool = False) -> int:
    """Write the repaired file; return 0 when it is fit to train on, 1 when errors are left."""
    problem = _problem(path, out, force=force)
    if problem:
        raise CommandError(problem)
    changes, switches = Changes(), ALL - without
    try:
        write_whole(out, repaired(partial(chunks, path), changes, switches))
    except NotRepairable as why:
        raise CommandError(f"{why}; nothing was written. That is for you to mend") from None
    except Changed:
        raise CommandError(f"{path} changed while it was read; nothing was written") from None
    screen = console()
    _show_changes(screen, changes)
    screen.print(f"Written: {out}")
    return _show_rest(screen, out)


def _problem(path: Path, out: Path, *, force: bool) -> str:
    """Return why nothing may be written, or nothing."""
    if not path.is_file():
        return f"{path} is not a file"
    if out.exists() and out.samefile(path):
        return "the repaired file must have another name: the input is never changed"
    if out.exists() and not force:
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
