"""Whether this machine has what a conda file asks for: nothing is built here, so a lack fails the build."""

import asyncio
import json
import re
import subprocess
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml
from packaging.requirements import InvalidRequirement, Requirement

from localcloud.azure_ml.assets import Environment

SERVING_PYTHON = Path(__file__).parents[2] / ".venv-serving" / "bin" / "python"  # has Microsoft's inference server
WITHOUT_MEANING = re.compile(r"(python|pip|setuptools|wheel)\b")  # the local interpreter is what it is
ASK = "import json, importlib.metadata as m; print(json.dumps({d.name: d.version for d in m.distributions()}))"
PATIENCE = 60.0  # seconds for an interpreter to list its packages


def build_failure(environment: Environment, installed: Mapping[str, str]) -> str | None:
    """Return why the environment's image cannot be built from what is installed; None where it can."""
    if environment.built:
        return f"environment {environment} is built from a Dockerfile, and the local cloud cannot run images"
    if environment.conda is None:
        return None
    for line in _wanted(yaml.safe_load(environment.conda)["dependencies"]):
        lack = _lack(line, installed)
        if lack is not None:
            return f"image build of environment {environment} failed: {lack}"
    return None


def _wanted(dependencies: list[Any]) -> list[str]:
    """Return each line that asks for a package, those for conda marked by its name."""
    lines: list[str] = []
    for entry in dependencies:
        if isinstance(entry, dict):
            lines.extend(str(line) for line in entry.get("pip") or () if not str(line).startswith("-"))
        elif not WITHOUT_MEANING.match(str(entry)):
            lines.append(f"conda {entry}")
    return lines


def _lack(line: str, installed: Mapping[str, str]) -> str | None:
    if line.startswith("conda "):
        return f"{line.removeprefix('conda ')} is a package of conda, and the local cloud has those of pip only"
    try:
        wanted = Requirement(line)
    except InvalidRequirement:
        return f"pip cannot read {line!r}"
    if wanted.marker is not None and not wanted.marker.evaluate():
        return None
    found = installed.get(normal(wanted.name))
    if found is None:
        return f"package {wanted.name} is not installed here ({line})"
    if not wanted.specifier.contains(found, prereleases=True):
        return f"package {wanted.name}: {line} is wanted, {found} is installed here"
    return None


def normal(name: str) -> str:
    """Return a package's name in the one spelling by which names are compared."""
    return re.sub(r"[-_.]+", "-", name).lower()


@cache
def local_packages() -> Mapping[str, str]:
    """Return the version of each package of the interpreter that runs the local cloud."""
    return {normal(one.name): one.version for one in metadata.distributions()}


async def serving_packages(python: Path = SERVING_PYTHON) -> Mapping[str, str]:
    """Return the packages that a deployment finds: those beside the inference server, then our own."""
    return await asyncio.to_thread(_both, python)


@cache
def _both(python: Path) -> Mapping[str, str]:
    if not python.exists():
        return local_packages()
    asked = subprocess.run([python, "-c", ASK], capture_output=True, check=True, timeout=PATIENCE)
    beside = {normal(name): version for name, version in json.loads(asked.stdout).items()}
    return {**local_packages(), **beside}
