"""How harmful a text of a dataset may be, and what the report says of those that are too harmful."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from shared.core.dataset.findings import LISTED, Finding, strictly
from shared.core.dataset.report import FileReport, Report, in_order
from shared.core.dataset.rules import SCREENING_RULES

_RULES = {rule.code: rule for rule in SCREENING_RULES}


class Thresholds(NamedTuple):
    """Severities, from 0 to 7, from which on a text is an error or a warning."""

    error: int
    warning: int


# What the assistant says is learned. Others may say worse: a good answer to it is worth learning.
ASSISTANT = Thresholds(error=4, warning=2)
OTHERS = Thresholds(error=6, warning=2)
PROTECTED = "protected material"  # a category of its own, without severities


@dataclass(frozen=True)
class Harm:
    """One harmful text: where it stands, what it is, and its hash; never the text."""

    code: str
    file: str
    line: int
    path: str
    role: str
    category: str
    severity: int
    hash: str


@dataclass(frozen=True)
class Harms:
    """Harmful texts by file and code: all are counted, the first ones are listed."""

    listed: tuple[Harm, ...] = ()
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # by file, then by code

    def adding(self, harms: Iterable[Harm]) -> "Harms":
        """Return these and the new ones."""
        listed = list(self.listed)
        counts = {file: dict(codes) for file, codes in self.counts.items()}
        for harm in harms:
            codes = counts.setdefault(harm.file, {})
            codes[harm.code] = codes.get(harm.code, 0) + 1
            if codes[harm.code] <= LISTED:
                listed.append(harm)
        return Harms(tuple(listed), counts)


def code_of(role: str, category: str, severity: int, allowed: Iterable[str] = ()) -> str | None:
    """Return the rule that a text of this severity falls under, or None where it is harmless."""
    if category == PROTECTED:
        return "S07"
    thresholds = ASSISTANT if role == "assistant" else OTHERS
    if severity < thresholds.warning:
        return None
    if category in allowed:
        return "S02"
    return "S01" if severity >= thresholds.error else "S01b"


def with_harms(report: Report, harms: Harms, summary: Mapping[str, Any]) -> Report:
    """Return the report with what the screening found; `summary` says how much was screened."""
    manifest = report.manifest
    found = tuple(_finding(harm, manifest.owner) for harm in harms.listed)
    return replace(
        report,
        dataset=_counting(report.dataset, harms),
        validation=_counting(report.validation, harms) if report.validation else None,
        findings=in_order((*report.findings, *(strictly(found) if manifest.strict else found)), report),
        measures={**report.measures, "screening": summary},
    )


def _finding(harm: Harm, owner: str) -> Finding:
    """Return what the report lists."""
    rule = _RULES[harm.code]
    place = f"in a text of the {harm.role} (hash {harm.hash})"
    leave = f", which the manifest allows; its owner is {owner}" if harm.code == "S02" else ""
    message = f"{harm.category}, severity {harm.severity} of 7, {place}{leave}"
    if harm.category == PROTECTED:
        message = f"what others have published stands {place}"
    return Finding(harm.code, rule.severity, harm.line, harm.path, message, rule.source, rule.fix, harm.file)


def _counting(file: FileReport, harms: Harms) -> FileReport:
    """Return the file's part of the report with its harmful texts counted."""
    return replace(file, counts={**file.counts, **harms.counts.get(file.name, {})})
