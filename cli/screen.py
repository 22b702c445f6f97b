"""What the command line shows: the report of a check in words, errors first, the verdict last."""

from rich.console import Console
from rich.text import Text

from shared.core.dataset.findings import Severity
from shared.core.dataset.grouping import Group, groups_of
from shared.core.dataset.report import Report
from shared.core.dataset.report_html import page_of

COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "blue"}
TOLD = 3  # messages of one rule that are shown; report.json and report.html have more


def show_report(screen: Console, report: Report) -> None:
    """Show findings, what is in the dataset, and the verdict."""
    show_groups(screen, groups_of(report), report.dataset.name)
    page = page_of(report)
    rows = [(title, f"{value} ({aside})") for title, value, aside in page.tiles]
    _heading(screen, "What is in it", "")
    width = max(len(title) for title, _ in rows)
    for title, value in rows:
        screen.print(f"  {title:{width}}  {value}")
    color = "green" if report.accepted else "red"
    screen.print()
    screen.print(Text.assemble((page.verdict, f"bold {color}"), f": {report.dataset.name}. {page.means}"))


def show_groups(screen: Console, groups: tuple[Group, ...], dataset: str) -> None:
    """Show findings under a heading for each severity; files other than the dataset are named."""
    for severity, title, means in (
        (Severity.ERROR, "Errors", "they reject the dataset"),
        (Severity.WARNING, "Warnings", "they do not stop the training"),
        (Severity.NOTE, "Notes", "good to know"),
    ):
        some = [group for group in groups if group.severity is severity]
        if some:
            _heading(screen, title, means, COLORS[severity])
        for group in some:
            _show_group(screen, group, "" if group.file == dataset else group.file)


def _heading(screen: Console, title: str, means: str, color: str = "") -> None:
    screen.print()
    screen.print(Text.assemble((title, f"bold {color}".strip()), (f" ({means})" if means else "", "dim")))


def _show_group(screen: Console, group: Group, file: str) -> None:
    """Show one broken rule: how often, what was found where, and the way out."""
    screen.print(
        Text.assemble(
            "  ", (f"{group.code:5}", COLORS[group.severity]), (group.says, "bold"), (f" {group.so}", "dim")
        )
    )
    for told in group.told[:TOLD]:
        screen.print(f"       {': '.join(filter(None, (file, told.where, told.message)))}")
    if len(group.told) > TOLD:
        screen.print(Text(f"       and {len(group.told) - TOLD} more of this kind", "dim"))
    screen.print(Text.assemble("       Fix: ", group.fix, (f" ({group.source})", "dim")))
