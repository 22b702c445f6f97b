"""The manifest that options ask for, as the file beside a dataset."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from cli.errors import CommandError
from cli.files import write_whole
from shared.core.dataset.naming import MANIFEST_SUFFIX, SUFFIX

PLAIN = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_ .,@+-]*")


def choices_of(named: Mapping[str, object], settings: Iterable[str]) -> dict[str, str]:
    """Return what options choose, by the manifest's keys; raises CommandError for what is no KEY=VALUE.

    Whether there is such a key and what it may be is for the check to say.
    """
    chosen = {key: str(value) for key, value in named.items() if value is not None}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or not key.strip() or not value.strip():
            raise CommandError(f"--set {setting!r} must be KEY=VALUE, as in --set batch_size=2")
        chosen[key.strip()] = value.strip()
    return chosen


def manifest_of(choices: Mapping[str, str]) -> bytes:
    """Return the manifest's lines."""
    return "".join(f"{key}: {_spelled(value)}\n" for key, value in choices.items()).encode()


def _spelled(value: str) -> str:
    """Return the value as it is where YAML reads it back so for sure, else in quotes."""
    return value if PLAIN.fullmatch(value) else json.dumps(value)


def path_of(dataset: Path) -> Path:
    """Return where the manifest of a dataset lies."""
    return dataset.with_name(dataset.name.removesuffix(SUFFIX) + MANIFEST_SUFFIX)


def chosen_manifest(
    dataset: Path, there: bytes | None, choices: Mapping[str, str], *, force: bool
) -> bytes | None:
    """Return the manifest to drop: what options ask for, else what lies there; raises CommandError for both."""
    if not choices:
        return there
    asked = manifest_of(choices)
    if there not in (None, asked) and not force:
        path = path_of(dataset)
        raise CommandError(f"{path} is there already and says other things: edit it, or replace it with --force")
    return asked


def write(dataset: Path, manifest: bytes | None) -> None:
    """Lay the manifest beside the dataset, so that the next drop is of the same; one that is there stays."""
    path = path_of(dataset)
    if manifest is not None and (not path.is_file() or path.read_bytes() != manifest):
        write_whole(path, [manifest])
