"""What two files share: no model may be judged by examples that it was trained on."""

from __future__ import annotations  # array[int] is a type from Python 3.12 on

from array import array

from shared.core.dataset.comparing import in_both
from shared.core.dataset.findings import LISTED, Findings
from shared.core.dataset.reading import Reading


def add_shared(code: str, findings: Findings, read: Reading, known: Reading, where: str) -> None:
    """Add to a file's findings the examples and prompts that another file, named `where`, holds too.

    Compares hashes of the first pass, so it is to be called before the second one.
    """
    rows = set(in_both(read.rows, known.rows))
    shared = array("Q", in_both(read.prompts, known.prompts))
    for example in shared[:LISTED]:
        line = known.places.line(known.prompts.index(read.prompts[example]))
        reason = f"the same {'example' if example in rows else 'prompt'} as in line {line} of {where}"
        findings.add(code, reason, read.places.line(example))
    findings.count(code, len(shared) - LISTED)


def add_not_compared(findings: Findings, name: str, held: Reading | None) -> None:
    """Add what keeps a held-out file from being compared whole; None is one that is not there."""
    if held is None:
        findings.add("D09b", f"the manifest names {name}; there is no such file beside the dataset")
        return
    others = held.lines - held.blank - held.examples
    if not held.examples:
        findings.add("D09b", f"{name} holds no example")
    elif others:
        findings.add("D09b", f"{name}: {others} of {held.lines} lines are no examples and cannot be compared")
