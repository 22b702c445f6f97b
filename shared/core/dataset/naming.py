"""Which blobs are datasets, and which model a dataset trains: decided by its path in the container `datasets`."""

import re
from dataclasses import dataclass

from shared.errors import TuneDropError

SUFFIX = ".jsonl"
VALIDATION_SUFFIX = ".validation.jsonl"
HELD_OUT_SUFFIX = ".held-out.jsonl"
BESIDE_SUFFIXES = (VALIDATION_SUFFIX, HELD_OUT_SUFFIX)  # files of examples that start no run
HELD_OUT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,200}\.(?:held-out|validation)\.jsonl")
MANIFEST_SUFFIX = ".yaml"
MISNAMED_SUFFIX = ".yml"  # of a manifest that would not be read
REPORT_SUFFIXES = (".report.json", ".report.html")  # what we lay beside a dataset
MODEL_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


class NotADataset(TuneDropError):
    """The blob starts no run; `expected` tells that this is as it should be and nobody need hear of it."""

    def __init__(self, reason: str, *, expected: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.expected = reason, expected


@dataclass(frozen=True)
class DatasetName:
    """Where a dataset lies, what lies beside it, and the model that it trains."""

    path: str  # inside the container, "support/2026-11-20.jsonl"
    model: str  # what clients put into "model", "support"

    @property
    def validation_path(self) -> str:
        """Path of the validation file, which may be there or not."""
        return self.path.removesuffix(SUFFIX) + VALIDATION_SUFFIX

    @property
    def manifest_path(self) -> str:
        """Path of the manifest, which may be there or not."""
        return self.path.removesuffix(SUFFIX) + MANIFEST_SUFFIX

    @property
    def misnamed_path(self) -> str:
        """Path where a manifest would lie in vain."""
        return self.path.removesuffix(SUFFIX) + MISNAMED_SUFFIX

    def held_out_path(self, name: str) -> str:
        """Path of a file in the dataset's folder; raises ValueError for a name that leads elsewhere."""
        if not HELD_OUT_NAME.fullmatch(name):
            raise ValueError(f"{name[:80]!r} is no name of a held-out file")
        folder, slash, _ = self.path.rpartition("/")
        return folder + slash + name


def dataset_of(path: str) -> DatasetName:
    """Return the dataset at this path; raises NotADataset with the reason and the way out.

    `support.jsonl` and `support/2026-11-20.jsonl` both train the model `support`. Names of models are in
    lower case, so `Support.jsonl` trains `support` too.
    """
    parts = path.split("/")
    if any(part.startswith(".") for part in parts):
        raise NotADataset("hidden: a part of its path begins with a dot", expected=True)
    if path.endswith(VALIDATION_SUFFIX):
        raise NotADataset("a validation file: it goes with the dataset of the same name", expected=True)
    if path.endswith(HELD_OUT_SUFFIX):
        raise NotADataset("a held-out file: manifests of datasets beside it may name it", expected=True)
    if path.endswith((MANIFEST_SUFFIX, "/")):
        raise NotADataset("a manifest or a folder: it goes with the dataset of the same name", expected=True)
    if path.endswith(MISNAMED_SUFFIX):
        raise NotADataset(f"{parts[-1][:80]!r} is not read. Fix: a manifest's name ends with {MANIFEST_SUFFIX}")
    if path.endswith(REPORT_SUFFIXES):
        raise NotADataset("a report: TuneDrop laid it beside the dataset of the same name", expected=True)
    if not path.endswith(SUFFIX):
        raise NotADataset(f"{parts[-1][:80]!r} does not end with {SUFFIX}. Fix: name it <model>{SUFFIX}")
    if len(parts) > 2:
        raise NotADataset("it lies too deep. Fix: drop it as <model>.jsonl or <model>/<name>.jsonl")
    return DatasetName(path, _model(parts[0].removesuffix(SUFFIX) if len(parts) == 1 else parts[0]))


def _model(name: str) -> str:
    """Return the model's name; raises NotADataset where clients could not write it into a request or a URL."""
    model = name.lower()
    if MODEL_NAME.fullmatch(model):
        return model
    better = re.sub(r"[^a-z0-9._-]+", "-", model).strip("-._")[:64] or "support"
    raise NotADataset(
        f"{name[:80]!r} is no name for a model: letters a-z, digits, '-', '_' and '.', at most 64, beginning "
        f"with a letter or a digit. Fix: call it {better}"
    )


def beside(path: str, suffix: str) -> str:
    """Return the path of what we lay beside a dataset; raises ValueError where it could be taken for one."""
    if suffix not in REPORT_SUFFIXES:
        raise ValueError(f"{suffix} is not laid beside a dataset")
    return path.removesuffix(SUFFIX) + suffix
