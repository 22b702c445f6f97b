"""The files of one drop after the first pass over each: what was found in them, and what was learned of them."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from shared.core.base_models import BaseModel, base_model
from shared.core.dataset.comparing import other_answers, repeated
from shared.core.dataset.findings import LISTED, Findings
from shared.core.dataset.lines import hash_of
from shared.core.dataset.manifest import Manifest, manifest_of
from shared.core.dataset.measuring import Source
from shared.core.dataset.naming import MANIFEST_SUFFIX, SUFFIX, VALIDATION_SUFFIX
from shared.core.dataset.overlap import add_not_compared, add_shared
from shared.core.dataset.reading import Reading, read
from shared.core.dataset.report import FileReport
from shared.core.dataset.rules import RULES
from shared.core.dataset.second_pass import File

ChunksOf = Callable[[], Iterable[bytes]]
FindFile = Callable[[str], ChunksOf | None]
FEW, SOME = 50, 200  # examples


class DroppedFile:
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


@dataclass(frozen=True)
class Files:
    """One dataset with all that lies beside it."""

    dataset: DroppedFile
    validation: DroppedFile | None
    aside: tuple[DroppedFile, ...]  # held out by the manifest
    manifest_file: DroppedFile | None
    manifest: Manifest

    @property
    def judged(self) -> tuple[DroppedFile, ...]:
        """The files whose findings count, the dataset first."""
        return tuple(file for file in (self.dataset, self.validation, self.manifest_file) if file)

    @property
    def chosen(self) -> Findings:
        """Where it is told what is wrong with what the owner chose, or chose not to say."""
        return (self.manifest_file or self.dataset).findings

    def sources(self) -> dict[File, Source]:
        """Return what the second pass reads."""
        sources: dict[File, Source] = {"training": self.dataset.source()}
        return sources | ({"validation": self.validation.source()} if self.validation else {})


def first_pass(
    path: str,
    chunks_of: ChunksOf,
    validation_chunks_of: ChunksOf | None,
    manifest_bytes: bytes | None,
    default_base_model: str,
    held_out: FindFile,
) -> Files:
    """Return the files of a drop after the first pass; raises what the chunks raise."""
    stem = path.removesuffix(SUFFIX)
    manifest_file = DroppedFile(stem + MANIFEST_SUFFIX)
    manifest = manifest_file.manifest(manifest_bytes, base_model(default_base_model).name)
    profile = base_model(manifest.base_model)
    dataset = DroppedFile(path, chunks_of, profile)
    _add_dataset_findings(dataset, profile)
    validation = None
    if validation_chunks_of is not None:
        validation = DroppedFile(stem + VALIDATION_SUFFIX, validation_chunks_of, profile)
        add_shared("D08", validation.findings, validation.reading, dataset.reading, "the dataset")
    aside = tuple(_held_out(dataset, manifest, held_out, profile))
    return Files(dataset, validation, aside, manifest_file if manifest_bytes is not None else None, manifest)


def _add_dataset_findings(file: DroppedFile, profile: BaseModel) -> None:
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
    dataset: DroppedFile, manifest: Manifest, found: FindFile, profile: BaseModel
) -> Iterator[DroppedFile]:
    """Yield the files that the manifest sets aside; adds to the dataset's findings what it shares with them."""
    folder = dataset.name.rpartition("/")[0]
    for name in manifest.held_out:
        chunks_of = found(name)
        file = DroppedFile(f"{folder}/{name}" if folder else name, chunks_of, profile) if chunks_of else None
        add_not_compared(dataset.findings, name, file.reading if file else None)
        if file:
            add_shared("D09", dataset.findings, dataset.reading, file.reading, name)
            file.reading.sha256 = hash_of(file.chunks_of())
            yield file


def _examples(count: int) -> str:
    """Return the count in words."""
    return "1 example" if count == 1 else f"{count} examples"
