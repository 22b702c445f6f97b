"""All checks of the infrastructure, each a function from what is there to what is wrong with it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.infra import check_modules, check_names, check_resources
from tests.infra.bicep import File, folder
from tests.infra.wrong import Wrong

PARAMETERS = "main.parameters.json"


@dataclass(frozen=True)
class Infra:
    """The files of `infra/`."""

    files: dict[str, File]
    parameters: dict[str, Any]


def read_infra(path: Path) -> Infra:
    """Return what is in a folder."""
    return Infra(folder(path), json.loads((path / PARAMETERS).read_text(encoding="utf-8"))["parameters"])


PER_FILE: tuple[Callable[[File], Iterator[Wrong]], ...] = (
    check_names.syntax,
    check_names.declared_twice,
    check_names.undefined,
    check_names.unused,
    check_names.loops_over_late_values,
    check_names.names_of_late_values,
    check_names.secrets,
    check_resources.types,
    check_resources.properties,
    check_resources.roles,
    check_resources.locks,
)


def findings(infra: Infra) -> list[Wrong]:
    """Return everything that is wrong, file by file."""
    found = [wrong for file in infra.files.values() for check in PER_FILE for wrong in check(file)]
    found += check_modules.modules(infra.files)
    found += check_modules.orphans(infra.files)
    found += check_modules.given(infra.files["main.bicep"], infra.parameters)
    return found
