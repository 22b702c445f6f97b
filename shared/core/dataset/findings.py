"""What the dataset check found: rules are rows of a table, findings are counted all and listed in part."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

LISTED = 20  # findings of one code that are listed with their lines; all are counted
_PLAIN = re.compile(
    r"(?!(?:.*\d){5})[\w.$ -]{1,24}"
)  # longer, or with more digits, it may be a secret or a number


class Severity(StrEnum):
    """How bad a finding is: an error rejects the dataset, a warning does when the manifest says strict."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Rule:
    """One row of the table of rules."""

    code: str
    severity: Severity
    says: str  # what holds where nothing is found
    source: str  # who asks for it
    fix: str


class Fault(NamedTuple):
    """What is wrong with one line, as the checks of a line tell it."""

    code: str
    path: str  # JSON path inside the line, "$.messages[0].role"
    message: str


@dataclass(frozen=True)
class Finding:
    """One thing found, with all that is needed to mend it; never holds a whole text of the dataset."""

    code: str
    severity: Severity
    line: int | None  # counted from 1; None where it is about the whole file
    path: str
    message: str
    source: str
    fix: str
    file: str


class Findings:
    """Collects what is found in one file: counts everything, lists the first of each code."""

    def __init__(self, rules: Iterable[Rule], file: str) -> None:
        self._rules = {rule.code: rule for rule in rules}
        self._file = file
        self.counts: Counter[str] = Counter()
        self._listed: dict[str, list[Finding]] = {}

    def add(self, code: str, message: str, line: int | None = None, path: str = "", count: int = 1) -> None:
        """Count a finding, and list it while there is room; `count` is for `count` lines from `line` on."""
        self.counts[code] += count
        listed = self._listed.setdefault(code, [])
        for further in range(min(count, LISTED - len(listed))):
            rule = self._rules[code]
            place = None if line is None else line + further
            listed.append(Finding(code, rule.severity, place, path, message, rule.source, rule.fix, self._file))

    def count(self, code: str, count: int) -> None:
        """Count further findings of a code that is listed already."""
        if count > 0:
            self.counts[code] += count

    @property
    def has_errors(self) -> bool:
        """Whether there is an error among them."""
        return any(self.is_error(code) for code in self.counts)

    def is_error(self, code: str) -> bool:
        """Tell whether findings of this code reject the dataset."""
        return self._rules[code].severity is Severity.ERROR

    def all(self) -> tuple[Finding, ...]:
        """Return the listed findings in the order of their lines, those about the whole file first."""
        return tuple(sorted((f for each in self._listed.values() for f in each), key=lambda f: f.line or 0))


def strictly(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings with every warning turned into an error."""
    return tuple(
        replace(finding, severity=Severity.ERROR) if finding.severity is Severity.WARNING else finding
        for finding in findings
    )


def shown(name: object) -> str:
    """Return a key or a role for a message: as it is where it is short and plain, else masked."""
    text = name if isinstance(name, str) else type(name).__name__
    return repr(text) if _PLAIN.fullmatch(text) else masked(text)


def masked(text: str) -> str:
    """Return a text's beginning (a quarter of it, at most 8 characters), length and hash, never the whole text."""
    start = text[: min(8, len(text) // 4)]
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{ascii(start)[1:-1]}… ({len(text)} characters, hash {digest})"
