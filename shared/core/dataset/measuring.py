"""Runs the second pass over a dataset and its validation file, and keeps what split and cost need of it."""

from __future__ import annotations  # array[int] is a type from Python 3.12 on

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import compress
from typing import Any, NamedTuple

from shared.core.base_models import BaseModel
from shared.core.dataset.cost import Cost, Prices
from shared.core.dataset.findings import Findings
from shared.core.dataset.lengths import Lengths
from shared.core.dataset.manifest import Manifest
from shared.core.dataset.measures import measures_of
from shared.core.dataset.near import NearCopies
from shared.core.dataset.reading import Reading
from shared.core.dataset.second_pass import (
    UNREADABLE,
    File,
    Measure,
    SeenExample,
    SeenLine,
    lines_of,
    measured,
    raw_lines_of,
)
from shared.core.dataset.split import Split, strata_of
from shared.core.dataset.text_measures import secrets_in_text
from shared.core.dataset.tokens import Tokens


class Source(NamedTuple):
    """One file with what the first pass learned."""

    chunks_of: Callable[[], Iterable[bytes]]
    reading: Reading
    findings: Findings


@dataclass(frozen=True)
class Measured:
    """What the second pass learned; empty where there was none."""

    summaries: dict[str, dict[str, Any]] = field(default_factory=dict)
    lengths: array[int] = field(default_factory=lambda: array("I"))  # tokens of each training example
    near: NearCopies | None = None

    def pairs(self) -> Iterable[tuple[int, int]]:
        """Return the examples that belong together."""
        return self.near.pairs() if self.near else ()

    def strata(self) -> bytes:
        """Return which fifth each example is of, by length."""
        return strata_of(self.lengths)

    def cost(self, chosen: Split | None, manifest: Manifest, prices: Prices, profile: BaseModel) -> Cost | None:
        """Return what it costs to train on one side of the split, or on all; None where nothing is known."""
        if not self.lengths:
            return None
        on_training = compress(self.lengths, (side == 0 for side in chosen.mask)) if chosen else self.lengths
        return Cost(sum(on_training), manifest.epochs, prices, profile.tokens_per_second, profile.route)


def measure(sources: Mapping[File, Source], profile: BaseModel, manifest: Manifest, tokens: Tokens) -> Measured:
    """Return what the second pass learned, and add what it found.

    Where a file is no JSON Lines, nothing is measured; but all that is text is looked through for secrets.
    """
    findings = {file: source.findings for file, source in sources.items()}
    if any(UNREADABLE & source.findings.counts.keys() for source in sources.values()):
        measured(_raw_lines(sources), (secrets_in_text(),), findings)
        return Measured()
    lengths, near = Lengths(profile, tokens.kind, tokens.error), NearCopies()
    measures: tuple[Measure, ...] = (lengths, near, *measures_of(profile, manifest))
    summaries = measured(_lines(sources, tokens), measures, findings)
    for file, source in sources.items():
        source.reading.tokens = sum(lengths.of[file])
        source.reading.longest = max(lengths.of[file], default=0)
    return Measured(summaries, lengths.of["training"], near)


def _lines(sources: Mapping[File, Source], tokens: Tokens) -> Iterator[SeenExample | SeenLine]:
    """Yield the faultless examples of all files, and the other lines."""
    for file, source in sources.items():
        yield from lines_of(source.chunks_of(), source.reading, file, tokens.counted)


def _raw_lines(sources: Mapping[File, Source]) -> Iterator[SeenLine]:
    """Yield the lines of all files as they are."""
    for file, source in sources.items():
        yield from raw_lines_of(source.chunks_of(), source.reading, file)
