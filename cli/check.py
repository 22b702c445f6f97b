"""`tunedrop check`: the dataset check, on this machine."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from cli.errors import CommandError
from cli.exact import exact_tokens
from cli.files import chunks, write_whole
from cli.output import console
from cli.program import PROGRAM
from cli.progress import reading
from cli.screen import show_report
from shared.core.base_models import DEFAULT_BASE_MODEL
from shared.core.dataset import Report, check_dataset, report_json
from shared.core.dataset.cost import UNKNOWN_PRICES, Prices
from shared.core.dataset.findings import Severity, strictly
from shared.core.dataset.lines import Changed
from shared.core.dataset.naming import MANIFEST_SUFFIX, MISNAMED_SUFFIX, SUFFIX, VALIDATION_SUFFIX, dataset_of
from shared.core.dataset.repair import REPAIRED
from shared.core.dataset.report_html import report_html

MENDED = ".repaired.jsonl"
READINGS = 2  # how often the check reads a file


@dataclass(frozen=True)
class Asked:
    """What can be asked of a check."""

    validation: Path | None = None
    base_model: str | None = None
    strict: bool = False
    tokenizer: Path | None = None
    prices: Prices = UNKNOWN_PRICES


@dataclass(frozen=True)
class Files:
    """A dataset on this machine, with what lies beside it."""

    dataset: Path
    validation: Path | None
    manifest: bytes | None
    misnamed: str | None = None  # what lies where a manifest is not read

    def held_out(self, name: str) -> Path | None:
        """Return a file that the manifest sets aside, or None."""
        return _beside(self.dataset, name)


def run(path: Path, asked: Asked, *, as_json: bool, html: Path | None) -> int:
    """Show the report; return 0 when the dataset would be accepted, 1 when not."""
    report = checked(path, asked)
    if html:
        write_whole(html, [report_html(report, checked=datetime.now(UTC))])
    if as_json:
        sys.stdout.write(report_json(report).decode() + "\n")
    else:
        _show(report, path, html)
    return 0 if report.accepted else 1


def checked(path: Path, asked: Asked = Asked()) -> Report:
    """Return the report on a file and what lies beside it.

    Raises CommandError, and NotADataset for a name that starts no run.
    """
    dataset_of(path.name)
    return checked_files(files_of(path, asked.validation), asked)


def files_of(path: Path, validation: Path | None = None) -> Files:
    """Return the dataset with what lies beside it; raises CommandError where a file is missing."""
    for each in filter(None, (path, validation)):
        if not each.is_file():
            raise CommandError(f"{each} is not a file; name a .jsonl file")
    stem = path.name.removesuffix(SUFFIX)
    manifest = _beside(path, stem + MANIFEST_SUFFIX)
    return Files(
        dataset=path,
        validation=validation or _beside(path, stem + VALIDATION_SUFFIX),
        manifest=manifest.read_bytes() if manifest else None,
        misnamed=stem + MISNAMED_SUFFIX if _beside(path, stem + MISNAMED_SUFFIX) else None,
    )


def checked_files(files: Files, asked: Asked) -> Report:
    """Return the report on these files; raises CommandError for a tokenizer that is none, or a moving file."""
    path, validation = files.dataset, files.validation
    tokens = exact_tokens(asked.tokenizer) if asked.tokenizer else None
    size = sum(each.stat().st_size for each in (path, validation) if each)
    try:
        with reading(READINGS * size) as shown:
            report = check_dataset(
                lambda: shown(chunks(path)),
                (lambda: shown(chunks(validation))) if validation else None,
                files.manifest,
                path.name,
                today=datetime.now(UTC).date(),
                default_base_model=asked.base_model or DEFAULT_BASE_MODEL,
                prices=asked.prices,
                tokens=tokens,
                held_out=lambda named: _chunks_of(files.held_out(named)),
                misnamed=files.misnamed,
            )
    except Changed:
        raise CommandError(f"{path.name} changed while it was read; check it when nothing writes to it") from None
    if not asked.strict:
        return report
    return replace(report, findings=strictly(report.findings), manifest=replace(report.manifest, strict=True))


def _chunks_of(path: Path | None) -> Callable[[], Iterator[bytes]] | None:
    """Return how to read a file, or None where there is none."""
    return None if path is None else lambda: chunks(path)


def _beside(path: Path, name: str) -> Path | None:
    """Return the file of this name that lies beside another, or None."""
    found = path.with_name(name)
    return found if found.is_file() else None


def _show(report: Report, path: Path, html: Path | None) -> None:
    """Show the report and what to do next."""
    screen = console()
    show_report(screen, report)
    if any(report.count(code) for code in REPAIRED):
        mended = path.with_name(path.name.removesuffix(".jsonl") + MENDED)
        screen.print(f"Some of it can be repaired: {PROGRAM} repair {path} {mended}")
    if html:
        screen.print(f"The whole report: {html}")
    elif any(finding.severity is not Severity.NOTE for finding in report.findings):
        screen.print(f"The whole report, with every line: {PROGRAM} check {path} --html report.html")
