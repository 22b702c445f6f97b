"""Looks at a dropped dataset with all that lies beside it: the whole check, from bytes to report."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from shared.core.base_models import DEFAULT_BASE_MODEL, base_model, refusal
from shared.core.dataset.cost import UNKNOWN_PRICES, Prices, cost_findings
from shared.core.dataset.files import ChunksOf, Files, FindFile, first_pass
from shared.core.dataset.findings import strictly
from shared.core.dataset.measuring import Measured, measure
from shared.core.dataset.origin import origin_findings
from shared.core.dataset.report import Report
from shared.core.dataset.second_pass import add_found
from shared.core.dataset.split import Split, part_of, split_apart
from shared.core.dataset.tokens import Tokens, estimate_for


def check_dataset(
    chunks_of: ChunksOf,
    validation_chunks_of: ChunksOf | None,
    manifest_bytes: bytes | None,
    dataset_path: str,
    *,
    today: date,
    default_base_model: str = DEFAULT_BASE_MODEL,
    prices: Prices = UNKNOWN_PRICES,
    tokens: Tokens | None = None,
    held_out: FindFile = lambda _name: None,
    misnamed: str | None = None,
) -> Report:
    """Return the report on a dataset, its validation file and its manifest; every file is read twice.

    `held_out` finds a file that the manifest sets aside, by its name in the dataset's folder; `misnamed` is what
    lies where a manifest is not read.
    Raises what the chunks raise, and UnknownBaseModel when the default (a setting) is unknown.
    """
    files = first_pass(dataset_path, chunks_of, validation_chunks_of, manifest_bytes, default_base_model, held_out)
    profile = base_model(files.manifest.base_model)
    if misnamed:
        files.chosen.add("M06", f"{misnamed} is not read: nothing that it says would hold")
    refused = refusal(profile, today)
    if refused:
        files.chosen.add("M05", refused, path="base_model")
    profile = replace(profile, training_length=files.manifest.max_seq_length or profile.training_length)
    measured = measure(files.sources(), profile, files.manifest, tokens or estimate_for(profile))
    personal = sum(file.findings.counts["S03"] for file in files.judged)
    origin = origin_findings(files.manifest, written=files.manifest_file is not None, personal=personal)
    add_found(origin, {"training": files.chosen})
    chosen = None if files.validation else _split(files, measured)
    cost = measured.cost(chosen, files.manifest, prices, profile)
    add_found(cost_findings(cost, files.manifest) if cost else (), {"training": files.dataset.findings})
    copies = {"copies": _copies(files)} if measured.summaries else {}
    return _report(files, chosen, copies | measured.summaries | ({"cost": cost.summary()} if cost else {}))


def split_files(
    report: Report, chunks_of: ChunksOf, validation_chunks_of: ChunksOf | None = None
) -> tuple[Iterator[bytes], Iterator[bytes]]:
    """Return what to train on and what to validate with, as pieces of JSON Lines; each reads its file again.

    With a validation file both files come whole. Raises ValueError when a file changed, came or went in between.
    """
    if (validation_chunks_of is None) != (report.validation is None):
        raise ValueError("the validation file came or went since the dataset was checked")
    if validation_chunks_of is not None:
        return part_of(chunks_of, None, 0), part_of(validation_chunks_of, None, 1)
    return part_of(chunks_of, report.split, 0), part_of(chunks_of, report.split, 1)


def _split(files: Files, measured: Measured) -> Split | None:
    """Return the split of a dataset without errors; adds a finding where none is possible."""
    dataset, manifest = files.dataset, files.manifest
    if dataset.findings.has_errors:
        return None
    prompts, share = dataset.reading.prompts, manifest.validation_share
    chosen = split_apart(prompts, measured.pairs(), share, manifest.seed, measured.strata())
    if not chosen.validation:
        dataset.findings.add("D04", "all examples have the same prompt: there is no split without leaks")
    return chosen


def _copies(files: Files) -> dict[str, int]:
    """Return how many examples stand twice, in which sense."""
    dataset, validation = files.dataset.findings.counts, files.validation
    return {
        "exact": dataset["D05"],
        "same_prompt_other_answer": dataset["D07"],
        **({"in_validation_file": validation.findings.counts["D08"]} if validation else {}),
        **({"in_held_out_files": dataset["D09"]} if files.aside else {}),
    }


def _report(files: Files, chosen: Split | None, measures: dict[str, dict[str, Any]]) -> Report:
    """Return the report; files that were held out are not judged themselves."""
    found = tuple(finding for file in files.judged for finding in file.findings.all())
    hashed = [f"{file.name.rpartition('.')[2]} {file.reading.sha256}" for file in files.judged]
    hashed += [f"held out {file.reading.sha256}" for file in files.aside]
    hashed += [
        files.manifest.base_model,
        *map("=".join, files.manifest.hyperparameters().items()),
    ]  # also defaults
    return Report(
        dataset=files.dataset.report(),
        validation=files.validation.report() if files.validation else None,
        held_out=tuple(replace(file.report(), tokens=0, longest=0, counts={}) for file in files.aside),
        manifest_file=files.manifest_file.report() if files.manifest_file else None,
        findings=strictly(found) if files.manifest.strict else found,
        manifest=files.manifest,
        split=chosen,
        system_message=files.dataset.reading.system_message,
        content_hash=hashlib.sha256("\n".join(hashed).encode()).hexdigest(),
        measures=measures,
    )
