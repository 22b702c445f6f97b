"""What goes to Azure: the app, and nothing that only a laptop needs."""

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from shared.gateways.code_folder import files_of
from tests.repo.test_package import closure

DEPLOYED = {
    "constraints.txt",
    "function_app.py",
    "functions",
    "host.json",
    "requirements.txt",
    "scorer",
    "shared",
    "trainer",
}


def test_every_top_level_name_is_deployed_or_ignored_on_purpose():
    ignored = {
        line
        for line in Path(".funcignore").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    }
    tracked = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True).stdout.splitlines()
    names = {path.split("/")[0] for path in tracked}
    kept = {name for name in names if name not in ignored and not name.startswith(".")}
    assert kept == DEPLOYED
    assert ".*" in ignored


def ignored_of(paths: Iterable[str]) -> set[str]:
    """Return those that .funcignore leaves out, by git's rules, which it follows."""
    ask = [
        "git",
        "-c",
        f"core.excludesFile={Path('.funcignore').resolve()}",
        "check-ignore",
        "--no-index",
        "--stdin",
    ]
    done = subprocess.run(ask, input="\n".join(paths), capture_output=True, text=True, check=False)
    return set(done.stdout.splitlines())


def test_the_code_of_azure_ml_s_machines_is_the_same_in_the_package_and_in_the_repository():
    tracked = subprocess.run(["git", "ls-files", "scorer", "trainer"], capture_output=True, text=True, check=True)
    known = set(tracked.stdout.splitlines())
    deployed = known - ignored_of(known)
    assert deployed == known & set(files_of(Path()))
    assert {"scorer/score.py", "scorer/vllm/Dockerfile", "trainer/__main__.py"} <= deployed


def test_all_that_azure_installs_is_pinned_and_runs_on_the_python_there():
    lines = Path("requirements.txt").read_text("utf-8").splitlines()
    assert "-c constraints.txt" in lines  # a path beside the file, as pip reads it, so it must be deployed too
    pins = [Requirement(line) for line in Path("constraints.txt").read_text("utf-8").splitlines()]
    pinned = {canonicalize_name(pin.name): str(pin.specifier) for pin in pins}
    runtime = re.search(r"name: 'python', version: '([\d.]+)'", Path("infra/functions.bicep").read_text("utf-8"))
    assert runtime
    installed = closure([line for line in lines if line[:1] not in "#-"])
    for name, package in installed.items():
        assert pinned.get(canonicalize_name(name)) == f"=={package.version}"
        assert runtime[1] in SpecifierSet(package.metadata["Requires-Python"] or "")
    assert len(installed) > len(lines)
