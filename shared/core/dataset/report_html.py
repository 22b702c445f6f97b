"""report.html: the report as one page that needs nothing beside it; made from the report by a template."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.core.dataset.findings import Severity
from shared.core.dataset.grouping import Group, groups_of, totals
from shared.core.dataset.measure_view import Block, Chart, blocks_of, chart, text_of, words
from shared.core.dataset.report import SCHEMA, FileReport, Report

if TYPE_CHECKING:
    import jinja2

TEMPLATES = Path(__file__).with_name("templates")
STEPS = 3  # fixes that are named at the top
SHOWN = 6  # messages of one rule that are seen at once; the others are folded
SECTIONS = (
    (
        Severity.ERROR,
        "Errors",
        "They reject the dataset: the rule in bold, then what was found and where.",
    ),
    (Severity.WARNING, "Warnings", "They do not stop the training; a look at them is worth it."),
    (Severity.NOTE, "Notes", "Good to know; nothing depends on them."),
)


@dataclass(frozen=True)
class Section:
    """The findings of one severity."""

    severity: Severity
    title: str
    means: str
    count: int
    groups: tuple[Group, ...]


@dataclass(frozen=True)
class Page:
    """All that the template shows."""

    report: Report
    schema: str
    verdict: str
    means: str
    steps: tuple[tuple[str, Group | None], ...]  # what to do, and the group of findings that asks for it
    tiles: tuple[tuple[str, str, str], ...]  # title, value, what is to be said with it
    sections: tuple[Section, ...]
    split: Chart | None
    blocks: tuple[Block, ...]
    files: tuple[FileReport, ...]
    settings: tuple[tuple[str, str], ...]
    run_id: str
    checked: str
    shown: int = SHOWN


def report_html(report: Report, run_id: str = "", checked: datetime | None = None) -> bytes:
    """Return the report as a page of HTML; it holds no text of the dataset and runs no script."""
    return _environment().get_template("report.html").render(page=page_of(report, run_id, checked)).encode()


@cache
def _environment() -> "jinja2.Environment":
    import jinja2  # only where a report is written: it costs a start of the app a few hundredths of a second

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page_of(report: Report, run_id: str = "", checked: datetime | None = None) -> Page:
    """Return what the page shows."""
    groups = groups_of(report)
    return Page(
        report=report,
        schema=SCHEMA,
        verdict=_verdict(report),
        means=_means(report, groups),
        steps=_steps(report, groups, run_id),
        tiles=_tiles(report),
        sections=_sections(groups),
        split=_split(report),
        blocks=blocks_of(_with_units(report.measures)),
        files=report.files,
        settings=_settings(report),
        run_id=run_id,
        checked=checked.strftime("%Y-%m-%d %H:%M UTC") if checked else "",
    )


def _verdict(report: Report) -> str:
    if not report.accepted:
        return "Not fit to train on"
    return "Fit so far" if _is_screened(report) else "Fit to train on"


def _is_screened(report: Report) -> bool:
    """Tell whether the screening for harm is not at its end yet."""
    return report.measures.get("screening", {}).get("state") == "under way"


def _means(report: Report, groups: tuple[Group, ...]) -> str:
    """Return the verdict's meaning in one or two sentences."""
    found = totals(groups)
    if not report.accepted:
        strict = " The manifest says strict: warnings reject too." if report.manifest.strict else ""
        return f"{_count(found[Severity.ERROR], 'error')} must be mended. Nothing was trained or spent.{strict}"
    warnings = found[Severity.WARNING]
    return f"No errors, {_count(warnings, 'warning')}." if warnings else "No errors and no warnings."


def _steps(report: Report, groups: tuple[Group, ...], run_id: str) -> tuple[tuple[str, Group | None], ...]:
    """Return what to do next, the most pressing first."""
    if report.accepted:
        last = "Nothing: TuneDrop trains on it, unless the very same drop serves already."
        if _is_screened(report):
            last = "Nothing: TuneDrop screens it for harm, and trains on it when that finds none."
        return ((last if run_id else "Drop it into the container datasets.", None),)
    errors = [group for group in groups if group.severity is Severity.ERROR]
    steps: list[tuple[str, Group | None]] = [(group.fix, group) for group in errors[:STEPS]]
    if len(errors) > STEPS:
        steps.append((f"Mend {_count(len(errors) - STEPS, 'more kind')} of errors; all are below.", None))
    return (*steps, ("Drop the mended file: a new upload is checked anew.", None))


def _tiles(report: Report) -> tuple[tuple[str, str, str], ...]:
    dataset, manifest = report.dataset, report.manifest
    training, validation = report.training_examples, report.validation_examples
    sides = f"{training:,} train, {validation:,} validate" if validation else "without an error"
    longest = max(file.longest for file in report.files)
    counted = "counted" if report.tokens_kind == "exact" else "estimated"
    return (
        ("Examples", f"{report.examples:,}", sides),
        ("Tokens", f"{report.tokens:,}", f"{counted}; the longest example has {longest:,}"),
        ("Lines", f"{dataset.lines:,}", size(dataset.bytes)),
        ("Base model", manifest.base_model, _count(manifest.epochs, "epoch")),
        *_cost(report),
    )


def _cost(report: Report) -> Iterator[tuple[str, str, str]]:
    """Yield what the training costs: its price where one is set, else the tokens that it takes."""
    cost = report.measures.get("cost", {})
    tokens, training, hosting = (cost.get(name) for name in ("trained_tokens", "training", "hosting_per_day"))
    currency = cost.get("currency", "")
    a_day = "" if hosting is None else f"; hosting costs {f'{hosting:,.2f} {currency}'.strip()} a day"
    time = f", {duration(cost['estimated_hours'])}" if "estimated_hours" in cost else ""
    time += " besides the start of the machine" if "gpus" in cost else ""  # which is paid for, and nobody can tell
    if training is not None:
        yield "Cost of training", f"{training:,.2f} {currency}".strip(), f"{tokens:,} tokens{time}{a_day}"
    elif tokens is not None:
        yield "Tokens to train", f"{tokens:,}", f"of all epochs{time}{a_day or '; no price is set'}"


def _with_units(measures: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return the measures with prices and time in words."""
    cost = dict(measures.get("cost", {}))
    currency = cost.pop("currency", "")
    for name in ("training", "hosting_per_day"):
        if name in cost:
            cost[name] = f"{cost[name]:,.2f} {currency}".strip()
    if "estimated_hours" in cost:
        cost["estimated_time"] = duration(cost.pop("estimated_hours"))
    return {**measures, **({"cost": cost} if cost else {})}


def _sections(groups: tuple[Group, ...]) -> tuple[Section, ...]:
    """Return the severities that something was found of."""
    found = totals(groups)
    made = (
        Section(severity, title, means, found[severity], tuple(g for g in groups if g.severity is severity))
        for severity, title, means in SECTIONS
    )
    return tuple(section for section in made if section.groups)


def _split(report: Report) -> Chart | None:
    """Return training and validation as bars, where both have examples."""
    if not report.validation_examples:
        return None
    return chart([("Training", report.training_examples), ("Validation", report.validation_examples)])


def _settings(report: Report) -> tuple[tuple[str, str], ...]:
    """Return what the job is given and how the dataset was split."""
    rows = [(words(name), value) for name, value in report.manifest.hyperparameters().items()]
    if report.split:
        rows += [("Share kept for validation", text_of(report.split.share)), ("Seed", str(report.split.seed))]
    owner = [("Owner", report.manifest.owner)] if report.manifest.owner else []
    return (("Base model", report.manifest.base_model), *rows, *owner)


def _count(number: int, what: str) -> str:
    """Return a count in words."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def duration(hours: float) -> str:
    """Return an estimated time in the unit that fits; it is rough, so one digit or two will do."""
    for amount, unit in ((hours, "hour"), (hours * 60, "minute")):
        if amount >= 1:
            return f"about {_count(round(amount), unit)}"
    return "less than a minute"


def size(count: int) -> str:
    """Return a number of bytes in the unit that fits."""
    amount, units = float(count), ["bytes", "KB", "MB", "GB", "TB"]
    while amount >= 1000 and len(units) > 1:
        amount /= 1000
        units.pop(0)
    return f"{count:,} {units[0]}" if units[0] == "bytes" else f"{amount:.3g} {units[0]}"
