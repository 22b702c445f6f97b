"""A dropped dataset with what lies beside it, each in one version."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from shared.core.dataset.manifest import MAX_BYTES
from shared.core.dataset.naming import dataset_of
from shared.core.run import Run
from shared.ports import Datasets, Dropped

ChunksOf = Callable[[], Iterator[bytes]]


@dataclass(frozen=True)
class Drop:
    """One dataset with what lies beside it, each in the version seen at the start: all reads are of one state."""

    dataset: ChunksOf
    validation: ChunksOf | None
    manifest: ChunksOf | None
    versions: tuple[str, ...]  # ETags; empty where nothing lies
    held_out: Callable[[str], ChunksOf | None]  # finds a file that the manifest sets aside, by its name
    misnamed: str | None  # what lies where a manifest is not read

    @property
    def files(self) -> tuple[ChunksOf, ...]:
        """The files that hold examples."""
        return (self.dataset, self.validation) if self.validation else (self.dataset,)

    def manifest_bytes(self) -> bytes | None:
        """Return the manifest, or so much of it that one sees it is too large; None where there is none."""
        if self.manifest is None:
            return None
        content = b""
        for piece in self.manifest():
            content += piece
            if len(content) > MAX_BYTES:
                break
        return content


def drop_of(run: Run, datasets: Datasets) -> Drop:
    """Return the run's dataset with what lies beside it now; raises NotADataset."""
    name = dataset_of(run.dataset)
    beside = (datasets.find(name.validation_path), datasets.find(name.manifest_path))
    validation, manifest = (_chunks_of(found, datasets) for found in beside)
    versions = (run.etag, *(found.etag if found else "" for found in beside))

    def held_out(file: str) -> ChunksOf | None:
        return _chunks_of(datasets.find(name.held_out_path(file)), datasets)

    misnamed = name.misnamed_path if datasets.find(name.misnamed_path) else None
    dataset = partial(datasets.chunks, run.dataset, run.etag)
    return Drop(dataset, validation, manifest, versions, held_out, misnamed)


def _chunks_of(found: Dropped | None, datasets: Datasets) -> ChunksOf | None:
    """Return how to read a file in the version that was found."""
    return partial(datasets.chunks, found.path, found.etag) if found else None
