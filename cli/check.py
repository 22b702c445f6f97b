"""`tunedrop check`: the dataset check, on this machine."""

import argparse
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from cli.exact import NoTokenizer, exact_tokens
from cli.files import chunks, write_whole
from cli.progress import reading
from cli.screen import console, show_report
from shared.core.base_models import DEFAULT_BASE_MODEL
from shared.core.dataset import Report, check_dataset, report_json
from shared.core.dataset.findings import Severity, strictly
from shared.core.dataset.naming import dataset_of
from shared.core.dataset.repair import REPAIRED
from shared.core.dataset.report_html import report_html
from shared.core.dataset.tokens import Tokens

MENDED = ".repaired.jsonl"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be asked of the check."""
    parser.add_argument("file", type=Path, help="the .jsonl; its .yaml and .validation.jsonl are found beside it")
    parser.add_argument(
        "--validation", type=Path, metavar="FILE", help="the validation file, where it lies elsewhere"
    )
    parser.add_argument(
        "--base-model", "--model", dest="base_model", metavar="NAME", help="for a manifest that names none"
    )
    parser.add_argument("--strict", action="store_true", help="warnings reject too")
    parser.add_argument("--json", action="store_true", help="print report.json and nothing else")
    parser.add_argument("--html", type=Path, metavar="OUT", help="write report.html there")
    parser.add_argument(
        "--tokenizer",
        type=Path,
        metavar="FILE",
        help="the base model's tokenizer.json: tokens are counted, not estimated",
    )
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Show the report; exit 0 when the dataset would be accepted, 1 when not, 2 when it could not be checked."""
    for path in filter(None, (options.file, options.validation)):
        if not path.is_file():
            print(f"tunedrop: {path} is not a file; name a .jsonl file", file=sys.stderr)
            return 2
    try:
        tokens = exact_tokens(options.tokenizer) if options.tokenizer else None
    except NoTokenizer as problem:
        print(f"tunedrop: {problem}", file=sys.stderr)
        return 2
    report = checked(options.file, options.validation, options.base_model, strict=options.strict, tokens=tokens)
    if options.html:
        write_whole(options.html, [report_html(report, checked=datetime.now(UTC))])
    if options.json:
        sys.stdout.write(report_json(report).decode() + "\n")
    else:
        _show(report, options)
    return 0 if report.accepted else 1


def checked(
    path: Path,
    validation: Path | None = None,
    base_model: str | None = None,
    *,
    strict: bool = False,
    tokens: Tokens | None = None,
) -> Report:
    """Return the report on a file and what lies beside it."""
    name = dataset_of(path.name)
    manifest = path.with_name(name.manifest_path)
    beside = path.with_name(name.validation_path)
    validation = validation or (beside if beside.is_file() else None)
    with reading() as shown:
        report = check_dataset(
            lambda: shown(chunks(path)),
            (lambda: shown(chunks(validation))) if validation else None,
            manifest.read_bytes() if manifest.is_file() else None,
            path.name,
            today=datetime.now(UTC).date(),
            default_base_model=base_model or DEFAULT_BASE_MODEL,
            tokens=tokens,
        )
    if not strict:
        return report
    return replace(report, findings=strictly(report.findings), manifest=replace(report.manifest, strict=True))


def _show(report: Report, options: argparse.Namespace) -> None:
    """Show the report and what to do next."""
    screen = console()
    show_report(screen, report)
    path: Path = options.file
    if any(report.count(code) for code in REPAIRED):
        mended = path.with_name(path.name.removesuffix(".jsonl") + MENDED)
        screen.print(f"Some of it can be repaired: python -m cli repair {path} {mended}")
    if options.html:
        screen.print(f"The whole report: {options.html}")
    elif any(finding.severity is not Severity.NOTE for finding in report.findings):
        screen.print(f"The whole report, with every line: python -m cli check {path} --html report.html")
