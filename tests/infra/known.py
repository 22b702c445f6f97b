"""What is known of Azure and of Bicep, as it was looked up: in the TOML files beside this one."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / name).read_text(encoding="utf-8"))


@cache
def known() -> dict[str, Any]:
    """Return roles, and the types of resources with their versions and properties."""
    return _read("known.toml")


@cache
def listed() -> dict[str, dict[str, list[str]]]:
    """Return the values that properties may have, by type and path."""
    return _read("values.toml")


@cache
def kinds() -> dict[str, dict[str, list[str]]]:
    """Return which properties are no strings, by type and kind."""
    return _read("kinds.toml")


@cache
def functions() -> dict[str, str]:
    """Return the functions of Bicep, with the type of what they return."""
    return {name: kind for kind, names in _read("language.toml")["functions"].items() for name in names}


@cache
def decorators() -> frozenset[str]:
    """Return the decorators of Bicep."""
    return frozenset(_read("language.toml")["decorators"]["all"])


@cache
def members() -> dict[str, list[str]]:
    """Return what can be read of the answers of some functions."""
    found: dict[str, list[str]] = _read("language.toml")["members"]
    return found
