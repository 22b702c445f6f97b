"""The report of a dataset check: what it holds, how it is written as JSON, and its short form for people."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from shared.core.dataset.findings import Finding, Severity
from shared.core.dataset.manifest import Manifest
from shared.core.dataset.split import Split

SCHEMA = "tunedrop/report/1"  # docs/report.md describes it; a change that breaks readers makes a 2 of it
_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


@dataclass(frozen=True)
class FileReport:
    """What one file holds."""

    name: str
    bytes: int
    lines: int
    blank_lines: int
    examples: int  # those without an error
    tokens: int  # of all examples, once
    longest: int  # tokens of the longest example
    sha256: str
    counts: Mapping[str, int]  # findings by code, also those that are not listed


@dataclass(frozen=True)
class Report:
    """All that the check found out."""

    dataset: FileReport
    validation: FileReport | None  # None: there is no validation file, the dataset is split
    held_out: tuple[FileReport, ...]  # files that the dataset must not overlap with; nothing in them is counted
    manifest_file: FileReport | None
    findings: tuple[Finding, ...]  # the first of each code and file, ordered by file and line
    manifest: Manifest
    split: Split | None
    system_message: str  # the first one in the dataset; stays out of the written report
    content_hash: str  # SHA-256 over all files and what training is asked for: tells the same drop again
    measures: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # JSON-able; no texts

    @property
    def accepted(self) -> bool:
        """Whether there is no error."""
        return not any(finding.severity is Severity.ERROR for finding in self.findings)

    @property
    def files(self) -> tuple[FileReport, ...]:
        """The files that were looked at."""
        return tuple(file for file in (self.dataset, self.validation, *self.held_out, self.manifest_file) if file)

    @property
    def training_examples(self) -> int:
        """How many examples are trained on."""
        return self.split.training if self.split else self.dataset.examples

    @property
    def validation_examples(self) -> int:
        """How many examples validate."""
        return self.validation.examples if self.validation else self.split.validation if self.split else 0

    @property
    def examples(self) -> int:
        """How many examples there are, on both sides."""
        return self.training_examples + self.validation_examples

    @property
    def tokens(self) -> int:
        """Tokens of dataset and validation file, once."""
        return self.dataset.tokens + (self.validation.tokens if self.validation else 0)

    @property
    def tokens_kind(self) -> str:
        """How tokens were counted: `exact` with the base model's tokenizer, or as an `estimate`."""
        return str(self.measures.get("tokens", {}).get("kind", "estimate"))

    def count(self, code: str) -> int:
        """Return how often a code was found, in all files."""
        return sum(file.counts.get(code, 0) for file in self.files)


def in_order(findings: Iterable[Finding], report: Report) -> tuple[Finding, ...]:
    """Return the findings by file and line, as a report has them."""
    files = [file.name for file in report.files]
    return tuple(sorted(findings, key=lambda finding: (files.index(finding.file), finding.line or 0)))


def report_json(report: Report) -> bytes:
    """Return the report as JSON, by the schema in docs/report.md; it holds no text of the dataset."""
    tokens = {
        "kind": report.tokens_kind,
        "total": report.tokens,
        "longest_example": max(f.longest for f in report.files),
    }
    split = report.split
    written: dict[str, Any] = {
        "schema": SCHEMA,
        "accepted": report.accepted,
        "base_model": report.manifest.base_model,
        "counts": _counts(report),
        "files": [_file(file) for file in report.files],
        "examples": {"training": report.training_examples, "validation": report.validation_examples},
        "tokens": tokens,
        "split": {"seed": split.seed, "share": split.share, "by": split.by} if split else None,
        "manifest": asdict(report.manifest),
        "hyperparameters": report.manifest.hyperparameters(),
        "content_hash": report.content_hash,
        "measures": {name: dict(summary) for name, summary in report.measures.items()},
        "findings": [asdict(finding) for finding in report.findings],
    }
    return json.dumps(written, indent=2, ensure_ascii=False).encode()


def _counts(report: Report) -> dict[str, int]:
    """Return how many errors, warnings and notes there are, also those that are not listed."""
    counts = {str(severity): 0 for severity in Severity}
    kinds = {(finding.file, finding.code): finding for finding in report.findings}
    for finding in kinds.values():
        counts[finding.severity] += _times(report, finding)
    return counts


def _file(file: FileReport) -> dict[str, Any]:
    """Return the file's part of the JSON."""
    return asdict(file) | {"counts": dict(sorted(file.counts.items()))}


def reasons(report: Report, limit: int = 3) -> tuple[str, ...]:
    """Return the gravest and most frequent findings as short lines, one for each code: errors, else warnings."""
    worst = [f for f in report.findings if f.severity is Severity.ERROR] or [
        f for f in report.findings if f.severity is Severity.WARNING
    ]
    kinds: dict[tuple[str, str], Finding] = {}
    for finding in worst:
        kinds.setdefault((finding.file, finding.code), finding)
    frequent = sorted(kinds.values(), key=lambda finding: -_times(report, finding))
    return tuple(_reason(finding, _times(report, finding), report) for finding in frequent[:limit])


def _times(report: Report, finding: Finding) -> int:
    """Return how often this kind of finding stands in its file."""
    return next(file.counts[finding.code] for file in report.files if file.name == finding.file)


def _reason(finding: Finding, times: int, report: Report) -> str:
    """Return one line for people: where, what, how often, and the way out."""
    where = f"line {finding.line}: " if finding.line else ""
    file = f"{finding.file}, " if finding.file != report.dataset.name and where else ""
    file = file or (f"{finding.file}: " if finding.file != report.dataset.name else "")
    further = f" (and {times - 1} more)" if times > 1 else ""
    stop = "" if finding.message.endswith("?") and not further else "."
    return f"{file}{where}{finding.message}{further}{stop} Fix: {finding.fix}"
