"""Looks at a dropped dataset with all that lies beside it: the whole check, from bytes to report."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from shared.core.base_models import DEFAULT_BASE_MODEL, BaseModel, base_model, refusal
from shared.core.dataset.comparing import other_answers, repeated
from shared.core.dataset.cost import UNKNOWN_PRICES, Prices, cost_findings
from shared.core.dataset.findings import LISTED, Findings, strictly
from shared.core.dataset.lines import hash_of
from shared.core.dataset.manifest import Manifest, manifest_of
from shared.core.dataset.measuring import Measured, Source, measure, without_length_limit
from shared.core.dataset.naming import MANIFEST_SUFFIX, SUFFIX, VALIDATION_SUFFIX
from shared.core.dataset.overlap import add_not_compared, add_shared
from shared.core.dataset.reading import Reading, read
from shared.core.dataset.report import FileReport, Report
from shared.core.dataset.rules import RULES
from shared.core.dataset.second_pass import File, add_found
from shared.core.dataset.split import Split, part_of, split_apart
from shared.core.dataset.tokens import Tokens, estimate_for

ChunksOf = Callable[[], Iterable[bytes]]
FEW, SOME = 50, 200  # examples


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
    held_out: Callable[[str], ChunksOf | None] = lambda _name: None,
) -> Report:
    """Return the report on a dataset, its validation file and its manifest; every file is read twice.

    `held_out` finds a file that the manifest sets aside, by its name in the dataset's folder.

    Raises what the chunks raise, and UnknownBaseModel when the default (a setting) is unknown.
    """
    stem = dataset_path.removesuffix(SUFFIX)
    manifest_file = _File(stem + MANIFEST_SUFFIX)
    manifest = manifest_file.manifest(manifest_bytes, base_model(default_base_model).name)
    profile = base_model(manifest.base_model)
    dataset = _File(dataset_path, chunks_of, without_length_limit(profile))
    _add_dataset_findings(dataset, profile)
    refused = refusal(profile, today)
    if refused:
        (manifest_file if manifest_bytes else dataset).findings.add("M05", refused, path="base_model")
    validation = None
    if validation_chunks_of is not None:
        validation = _File(stem + VALIDATION_SUFFIX, validation_chunks_of, without_length_limit(profile))
        add_shared("D08", validation.findings, validation.reading, dataset.reading, "the dataset")
    aside = list(_held_out(dataset, manifest, held_out, without_length_limit(profile)))
    sources: dict[File, Source] = {"training": dataset.source()}
    if validation:
        sources["validation"] = validation.source()
    measured = measure(sources, profile, manifest, tokens or estimate_for(profile))
    files = [file for file in (dataset, validation, manifest_file if manifest_bytes is not None else None) if file]
    chosen = None if validation else _split(dataset, manifest, measured)
    cost = measured.cost(chosen, manifest, prices)
    add_found(cost_findings(cost, manifest) if cost else (), {"training": dataset.findings})
    summaries = measured.summaries | ({"cost": cost.summary()} if cost else {})
    return replace(_report(files, validation, aside, manifest, chosen), measures=summaries)


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


class _File:
    """One file: its name, what was found in it and what was learned of it."""

    def __init__(self, name: str, chunks_of: ChunksOf = tuple, profile: BaseModel | None = None) -> None:
        self.name, self.chunks_of = name, chunks_of
        self.findings = Findings(RULES, name)
        self.reading = read(chunks_of(), profile, self.findings) if profile else Reading()

    def manifest(self, content: bytes | None, default_base_model: str) -> Manifest:
        """Return the manifest that the file holds."""
        self.reading.bytes = len(content or b"")
        self.reading.sha256 = hashlib.sha256(content or b"").hexdigest()
        return manifest_of(content or b"", self.findings, default_base_model)

    def source(self) -> Source:
        """Return what the second pass needs of it."""
        return Source(self.chunks_of, self.reading, self.findings)

    def report(self) -> FileReport:
        """Return the file's part of the report."""
        read = self.reading
        return FileReport(
            name=self.name,
            bytes=read.bytes,
            lines=read.lines,
            blank_lines=read.blank,
            examples=read.examples,
            tokens=read.tokens,
            longest=read.longest,
            sha256=read.sha256,
            counts=dict(self.findings.counts),
        )


def _add_dataset_findings(file: _File, profile: BaseModel) -> None:
    """Add what is about the examples together."""
    read, add = file.reading, file.findings.add
    if not file.name.endswith(SUFFIX):
        add("F01", f"the name does not end with {SUFFIX}")
    filled = read.lines - read.blank
    if 0 < filled < profile.min_examples:
        add("D01", f"{_examples(filled)}; at least {profile.min_examples} are needed")
    elif 0 < filled < SOME:
        add("D02" if filled < FEW else "D02b", f"{_examples(filled)}; more do better")
    again = repeated(read.rows)
    for example in again[:LISTED]:
        first = read.places.line(read.rows.index(read.rows[example]))
        add("D05", f"the same example as in line {first}", read.places.line(example))
    file.findings.count("D05", len(again) - LISTED)
    conflicts = other_answers(read.prompts, read.rows)
    for example in conflicts[:LISTED]:
        first = read.places.line(read.prompts.index(read.prompts[example]))
        add("D07", f"the same prompt as in line {first}, with another answer", read.places.line(example))
    file.findings.count("D07", len(conflicts) - LISTED)


def _held_out(
    dataset: _File, manifest: Manifest, found: Callable[[str], ChunksOf | None], profile: BaseModel
) -> Iterator[_File]:
    """Yield the files that the manifest sets aside; adds to the dataset's findings what it shares with them."""
    folder = dataset.name.rpartition("/")[0]
    for name in manifest.held_out:
        chunks_of = found(name)
        file = _File(f"{folder}/{name}" if folder else name, chunks_of, profile) if chunks_of else None
        add_not_compared(dataset.findings, name, file.reading if file else None)
        if file:
            add_shared("D09", dataset.findings, dataset.reading, file.reading, name)
            file.reading.sha256 = hash_of(file.chunks_of())
            yield file


def _examples(count: int) -> str:
    """Return the count in words."""
    return "1 example" if count == 1 else f"{count} examples"


def _split(dataset: _File, manifest: Manifest, measured: Measured) -> Split | None:
    """Return the split of a dataset without errors; adds a finding where none is possible."""
    if dataset.findings.has_errors:
        return None
    prompts, share = dataset.reading.prompts, manifest.validation_share
    chosen = split_apart(prompts, measured.pairs(), share, manifest.seed, measured.strata())
    if not chosen.validation:
        dataset.findings.add("D04", "all examples have the same prompt: there is no split without leaks")
    return chosen


def _report(
    files: list[_File], validation: _File | None, aside: Sequence[_File], manifest: Manifest, chosen: Split | None
) -> Report:
    """Return the report on these files, the dataset first; those set aside are not judged themselves."""
    found = tuple(finding for file in files for finding in file.findings.all())
    hashed = [f"{file.name.rpartition('.')[2]} {file.reading.sha256}" for file in files]
    hashed += [f"held out {file.reading.sha256}" for file in aside]
    last = files[-1]
    return Report(
        dataset=files[0].report(),
        validation=validation.report() if validation else None,
        held_out=tuple(replace(file.report(), tokens=0, longest=0, counts={}) for file in aside),
        manifest_file=last.report() if last.name.endswith(MANIFEST_SUFFIX) else None,
        findings=strictly(found) if manifest.strict else found,
        manifest=manifest,
        split=chosen,
        system_message=files[0].reading.system_message,
        content_hash=hashlib.sha256("\n".join(hashed).encode()).hexdigest(),
    )
