"""How far a dataset is from the one that the served model was trained on, by the reports of both."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from shared.core.dataset.findings import Finding
from shared.core.dataset.likeness import FAR, FEWEST
from shared.core.dataset.report import Report, in_order
from shared.core.dataset.rules import RULES
from shared.core.dataset.tallies import distance

_CODE = "Q08"


class _Counts(msgspec.Struct):
    """What of a report is compared; all of it may be missing in one that an older version wrote."""

    base_model: str = ""
    measures: Mapping[str, Mapping[str, Any]] = {}


def with_drift(report: Report, earlier: bytes, run_id: str) -> Report:
    """Return the report with its distance from an earlier run's report.json, as far as both can be compared."""
    try:
        before = msgspec.json.decode(earlier, type=_Counts)
        far = dict(_distances(before, _Counts(report.manifest.base_model, report.measures)))
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError):
        return report  # written by another version
    if not far:
        return report
    rule = next(rule for rule in RULES if rule.code == _CODE)
    found = tuple(
        Finding(_CODE, rule.severity, None, "", message, rule.source, rule.fix, report.dataset.name)
        for message in _messages(far, run_id)
    )
    counts = {**report.dataset.counts, **({_CODE: len(found)} if found else {})}
    summary = {"compared_with": run_id, **{f"distance_of_{what}": round(by, 4) for what, by in far.items()}}
    return replace(
        report,
        dataset=replace(report.dataset, counts=counts),
        findings=in_order((*report.findings, *found), report),
        measures={**report.measures, "drift": summary},
    )


def _messages(far: Mapping[str, float], run_id: str) -> Iterator[str]:
    for what, by in far.items():
        if by > FAR:
            yield f"the {what} differ from those of run {run_id}, which serves (Jensen-Shannon distance {by:.2f})"


def _distances(before: _Counts, now: _Counts) -> Iterator[tuple[str, float]]:
    """Yield what can be compared and how far it is; nothing where one of the two has few examples."""
    if min(_examples(before), _examples(now)) < FEWEST:
        return
    if before.base_model == now.base_model:  # else tokens are other tokens
        yield "lengths", distance(_lengths(before), _lengths(now))
    yield "turns", distance(_counted(before, "conversations", "answers_per_example", "answers"),
                            _counted(now, "conversations", "answers_per_example", "answers"))  # fmt: skip
    yield "languages", distance(_counted(before, "languages", "answers", "language"),
                                _counted(now, "languages", "answers", "language"))  # fmt: skip


def _examples(of: _Counts) -> int:
    examples: int = of.measures.get("conversations", {}).get("examples", 0)
    return examples


def _lengths(of: _Counts) -> dict[int, int]:
    bins = of.measures["tokens"]["files"]["training"]["histogram"]
    return {each["from"]: each["examples"] for each in bins}


def _counted(of: _Counts, measure: str, name: str, key: str) -> dict[Any, int]:
    return {each[key]: each["count"] for each in of.measures[measure][name]}
