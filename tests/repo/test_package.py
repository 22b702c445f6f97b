"""The command line can be installed from the repository, with light dependencies."""

import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
LIMIT = 120  # seconds for one command
NOT_COPIED = shutil.ignore_patterns("__pycache__")


def ran(*command: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=LIMIT, check=False
    )


def closure(names: list[str]) -> dict[str, Distribution]:
    """Return the distributions that these need, by name, as they are installed here."""
    found: dict[str, Distribution] = {}
    waiting = list(names)
    while waiting:
        wanted = Requirement(waiting.pop())
        if wanted.marker and not wanted.marker.evaluate({"extra": ""}):
            continue
        name = wanted.name.lower()
        if name not in found:
            found[name] = distribution(name)
            waiting += found[name].requires or []
    return found


def link(packages: dict[str, Distribution], site: Path) -> None:
    """Put these packages, and no other ones, into an environment."""
    for package in packages.values():
        tops = {file.parts[0] for file in package.files or () if file.parts[0] not in ("..", "__pycache__")}
        for top in tops:
            target = site / top
            if not target.exists():
                target.symlink_to(package.locate_file(top))


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> Path:
    """An environment that holds the built package and its declared dependencies."""
    folder = tmp_path_factory.mktemp("package")
    source = folder / "source"
    source.mkdir()
    for name in ("cli", "shared"):
        shutil.copytree(ROOT / name, source / name, ignore=NOT_COPIED)
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, source)
    pip = (sys.executable, "-m", "pip")
    built = ran(*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", folder, source, folder=folder)
    assert built.returncode == 0, built.stderr
    ran(sys.executable, "-m", "venv", "--without-pip", folder / "venv", folder=folder).check_returncode()
    python = folder / "venv/bin/python"
    (wheel,) = folder.glob("tunedrop-*.whl")
    put = ran(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", wheel, folder=folder)
    assert put.returncode == 0, put.stderr
    (site,) = (folder / "venv").glob("lib/python*/site-packages")
    link(closure(PROJECT["dependencies"]), site)
    return folder


def tunedrop(environment: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return ran(environment / "venv/bin/tunedrop", *arguments, folder=environment)


def test_an_installed_command_checks_a_dataset_and_writes_the_page(environment):
    page = environment / "page.html"
    done = tunedrop(environment, "check", ROOT / "samples/support.jsonl", "--html", page)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Fit to train on: support.jsonl." in done.stdout
    assert "<style>" in page.read_text("utf-8")


def test_an_installed_command_repairs_a_dataset(environment):
    (environment / "messy.jsonl").write_bytes((ROOT / "samples/support.jsonl").read_bytes() + b"\n\n")
    done = tunedrop(environment, "repair", "messy.jsonl", "mended.jsonl")
    assert (done.returncode, done.stderr) == (0, "")
    assert (environment / "mended.jsonl").read_bytes() == (ROOT / "samples/support.jsonl").read_bytes()


@pytest.mark.parametrize("arguments", [["--help"], ["keys", "--help"], ["check", "--help"]])
def test_help_needs_nothing_heavy(environment, arguments):
    python = environment / "venv/bin/python"
    show = "import sys; from cli.__main__ import main; main(sys.argv[1:]); print(*sys.modules, file=sys.stderr)"
    done = ran(python, "-c", show, *arguments, folder=environment)
    assert done.stdout.startswith("Usage: tunedrop")
    assert not set(done.stderr.split()) & {"msgspec", "yaml", "jinja2", "httpx2", "shared.ports", "shared.core"}


def test_what_the_package_needs_is_pinned_as_for_the_app():
    extras = [each for extra in PROJECT["optional-dependencies"].values() for each in extra]
    constraints = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    assert [each for each in PROJECT["dependencies"] + extras if each not in constraints] == []


def test_the_package_needs_nothing_heavy():
    assert not [name for name in closure(PROJECT["dependencies"]) if re.match("azure|torch|openai|aiohttp", name)]
