"""All checks of the infrastructure, each a function from what is there to what is wrong with it."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from shared.settings import REQUIRED
from tests.infra import (
    check_app,
    check_kinds,
    check_language,
    check_modules,
    check_names,
    check_pages,
    check_resources,
    check_values,
)
from tests.infra.bicep import File, folder
from tests.infra.wrong import Wrong

PARAMETERS = "main.parameters.json"
PAGES = ("settings", "azure", "operations")
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Infra:
    """The files of `infra/`."""

    files: dict[str, File]
    parameters: dict[str, Any]
    pages: dict[str, str]  # what docs/ says, by the page's name
    sources: str  # the app's own code


def read_infra(path: Path) -> Infra:
    """Return what is in a folder."""
    parameters = json.loads((path / PARAMETERS).read_text(encoding="utf-8"))["parameters"]
    return Infra(folder(path), parameters, _pages(), _sources())


@cache
def _pages() -> dict[str, str]:
    return {page: (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8") for page in PAGES}


@cache
def _sources() -> str:
    code = [*(ROOT / "functions").rglob("*.py"), *(ROOT / "shared").rglob("*.py")]
    return "\n".join(file.read_text(encoding="utf-8") for file in code)


PER_FILE: tuple[Callable[[File], Iterator[Wrong]], ...] = (
    check_names.syntax,
    check_language.calls,
    check_language.read_of_calls,
    check_language.decorated,
    check_language.set_twice,
    check_language.defaults,
    check_language.scopes,
    check_names.declared_twice,
    check_names.undefined,
    check_names.unused,
    check_names.cycles,
    check_names.loops_over_late_values,
    check_names.names_of_late_values,
    check_names.names_of_another_region,
    check_names.secrets,
    check_resources.types,
    check_resources.properties,
    check_resources.required,
    check_resources.values,
    check_resources.roles,
    check_resources.assignments,
    check_resources.locks,
    check_resources.network,
    check_values.pinned,
)


def findings(infra: Infra) -> list[Wrong]:
    """Return everything that is wrong, file by file."""
    found = [wrong for file in infra.files.values() for check in PER_FILE for wrong in check(file)]
    found += check_modules.modules(infra.files)
    found += check_modules.orphans(infra.files)
    found += check_kinds.declared(infra.files)
    found += check_kinds.properties(infra.files)
    found += check_values.containers(infra.files)
    found += check_values.settings(infra.files["functions.bicep"])
    found += check_modules.given(infra.files["main.bicep"], infra.parameters)
    return found + list(_agreement(infra))


def _agreement(infra: Infra) -> Iterator[Wrong]:
    """Yield where infrastructure, app and pages disagree."""
    files, pages = infra.files, infra.pages
    documented = set(re.findall(r"^\| `([A-Za-z0-9_]+)` \|", pages["settings"], re.MULTILINE))
    yield from check_app.settings(files["functions.bicep"], documented)
    yield from check_app.choices(files["functions.bicep"], infra.parameters)
    yield from check_app.events(files["subscriptions.bicep"])
    yield from check_app.storage(files["storage.bicep"])
    yield from check_pages.alerts(files["alerts.bicep"], pages["operations"])
    yield from check_pages.role_names([files[name] for name in check_resources.ROLE_FILES], pages["azure"])
    yield from check_pages.queries(files["alerts.bicep"], infra.sources)
    given = json.dumps(infra.parameters)
    yield from check_pages.parameters(files["main.bicep"], given, pages["azure"] + pages["settings"])
    yield from check_pages.command_line(files["main.bicep"], given, set(REQUIRED.values()))
