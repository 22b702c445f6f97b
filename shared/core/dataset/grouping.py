"""Findings as people read them: one group for each broken rule, its messages with their lines, and the way out."""

from collections.abc import Iterable
from dataclasses import dataclass

from shared.core.dataset.findings import Finding, Severity
from shared.core.dataset.report import Report
from shared.core.dataset.rules import RULES

_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}
_SAYS = {rule.code: rule.says for rule in RULES}


@dataclass(frozen=True)
class Told:
    """One message and where it holds; no lines where it is about the whole file."""

    message: str
    path: str  # inside the first of the lines
    lines: tuple[int, ...]

    @property
    def where(self) -> str:
        """The lines in words, or nothing."""
        return f"line{'s' if len(self.lines) > 1 else ''} {spans(self.lines)}" if self.lines else ""


@dataclass(frozen=True)
class Group:
    """All that was found of one rule in one file."""

    code: str
    severity: Severity
    file: str
    says: str  # the rule, as it should hold
    source: str
    fix: str
    times: int
    told: tuple[Told, ...]
    unlisted: int  # findings that were counted without their lines

    @property
    def often(self) -> str:
        """How often it was found, in words."""
        return "once" if self.times == 1 else f"{self.times:,} times"

    @property
    def so(self) -> str:
        """What became of the rule, and how often."""
        return f"{'seen' if self.severity is Severity.NOTE else 'broken'} {self.often}"


def groups_of(report: Report) -> tuple[Group, ...]:
    """Return the findings by rule and file: errors first, then warnings and notes, the most frequent first."""
    kinds: dict[tuple[str, str], list[Finding]] = {}
    for finding in report.findings:
        kinds.setdefault((finding.file, finding.code), []).append(finding)
    counts = {(file.name, code): count for file in report.files for code, count in file.counts.items()}
    found = [_group(listed, counts[kind]) for kind, listed in kinds.items()]
    return tuple(sorted(found, key=lambda group: (_ORDER[group.severity], -group.times)))


def _group(listed: list[Finding], times: int) -> Group:
    one = listed[0]
    messages: dict[str, list[Finding]] = {}
    for finding in listed:
        messages.setdefault(finding.message, []).append(finding)
    told = tuple(
        Told(message, same[0].path, tuple(dict.fromkeys(each.line for each in same if each.line)))
        for message, same in messages.items()
    )
    return Group(
        code=one.code,
        severity=one.severity,
        file=one.file,
        says=_SAYS[one.code],
        source=one.source,
        fix=one.fix,
        times=times,
        told=told,
        unlisted=times - len(listed),
    )


def totals(groups: Iterable[Group]) -> dict[Severity, int]:
    """Return how many findings there are of each severity, also those that are not listed."""
    counted = dict.fromkeys(Severity, 0)
    for group in groups:
        counted[group.severity] += group.times
    return counted


def spans(lines: Iterable[int]) -> str:
    """Return ascending line numbers as text, neighbours drawn together: "3-5, 9"."""
    drawn: list[list[int]] = []
    for line in lines:
        if drawn and line == drawn[-1][1] + 1:
            drawn[-1][1] = line
        else:
            drawn.append([line, line])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in drawn)
