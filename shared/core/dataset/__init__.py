"""What makes a JSONL file fit to train on: each finding with line, reason, source and fix."""

from shared.core.dataset.checking import check_dataset, split_files
from shared.core.dataset.report import Report, reasons, report_json

__all__ = ["Report", "check_dataset", "reasons", "report_json", "split_files"]
