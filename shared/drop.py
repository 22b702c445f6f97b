"""A dropped dataset with what lies beside it, each in one version."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from shared.core.dataset.naming import dataset_of
from shared.core.run import Run
from shared.ports import Datasets

ChunksOf = Callable[[], Iterator[bytes]]


@dataclass(frozen=True)
class Drop:
    """One dataset with what lies beside it, each in the version seen at the start: all reads are of one state."""

    dataset: ChunksOf
    validation: ChunksOf | None
    manifest: ChunksOf | None
    versions: tuple[str, ...]  # ETags; empty where nothing lies

    @property
    def files(self) -> tuple[ChunksOf, ...]:
        """The files that hold examples."""
        return (self.dataset, self.validation) if self.validation else (self.dataset,)


def drop_of(run: Run, datasets: Datasets) -> Drop:
    """Return the run's dataset with what lies beside it now; raises NotADataset."""
    name = dataset_of(run.dataset)
    beside = (datasets.find(name.validation_path), datasets.find(name.manifest_path))
    validation, manifest = (
        partial(datasets.chunks, found.path, found.etag) if found else None for found in beside
    )
    versions = (run.etag, *(found.etag if found else "" for found in beside))
    return Drop(partial(datasets.chunks, run.dataset, run.etag), validation, manifest, versions)
