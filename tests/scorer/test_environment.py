"""What Azure ML installs for the scoring script is what it was tested with, and all that it imports."""

import ast
import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
SCORER = ROOT / "scorer"
LOCKS = [ROOT / "constraints.txt", SCORER / "constraints.txt"]
MODULES = {"azureml_inference_server_http": "azureml-inference-server-http"}  # where it is not the package's name
ASK = "import importlib.metadata as m; print(m.version('azureml-inference-server-http'), m.version('gunicorn'))"


def conda_file() -> dict[str, object]:
    return yaml.safe_load((SCORER / "environment.yaml").read_text("utf-8"))


def pins(lines: list[str]) -> dict[str, str]:
    return dict(line.split("==") for line in lines if "==" in line and not line.startswith("#"))


def pinned() -> dict[str, str]:
    """Return what the conda file asks pip for."""
    lines = next(entry["pip"] for entry in conda_file()["dependencies"] if isinstance(entry, dict))
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[\w.]+", line)] == []
    return pins(lines)


def locked() -> dict[str, str]:
    """Return every version that the environments of this repository are locked to; .venv-serving has its own."""
    return {name: version for lock in LOCKS for name, version in pins(lock.read_text().splitlines()).items()}


def required() -> dict[str, str]:
    return pins((SCORER / "requirements.txt").read_text("utf-8").splitlines())


def test_the_conda_file_has_the_python_of_this_machine():
    assert f"python={sys.version_info.major}.{sys.version_info.minor}" in conda_file()["dependencies"]


def test_the_conda_file_has_everything_that_the_server_s_own_environment_asks_for():
    assert required().items() <= pinned().items()


def test_every_pin_is_the_version_that_the_tests_run_with():
    everything = locked()
    assert pinned() == {name: everything[name] for name in pinned()}
    beside = {name: importlib.metadata.version(name).split("+")[0] for name in pinned() if name not in required()}
    assert beside.items() <= pinned().items()


def test_what_is_installed_for_the_server_is_what_is_pinned():
    asked = subprocess.run(
        [ROOT / ".venv-serving/bin/python", "-c", ASK], capture_output=True, text=True, check=True
    )
    assert asked.stdout.split() == [required()["azureml-inference-server-http"], required()["gunicorn"]]


@pytest.mark.parametrize("path", sorted(SCORER.glob("*.py")), ids=lambda path: path.name)
def test_every_import_of_the_scoring_script_is_installed_there(path: Path):
    tree = ast.parse(path.read_text("utf-8"))
    modules = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    modules |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    foreign = {module.split(".")[0] for module in modules} - set(sys.stdlib_module_names) - {"scorer"}
    assert {MODULES.get(module, module) for module in foreign} <= set(pinned())
