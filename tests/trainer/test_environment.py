"""Azure ML installs what the trainer was tested with, all of it, and the trainer imports little before it must."""

import ast
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

TRAINER = Path(__file__).parents[2] / "trainer"
REPOSITORY = TRAINER.parent
ONLY_HERE = {"pretrain.py", "corpus.py"}  # they make the small base model, and do not travel to Azure
UNSEEN = {"Jinja2", "numpy", "tokenizers"}  # transformers uses them


def _specification():
    return yaml.safe_load((TRAINER / "environment.yaml").read_text(encoding="utf-8"))


def _pins():
    asked = next(part for part in _specification()["dependencies"] if isinstance(part, dict))["pip"]
    return dict(pin.split("==") for pin in asked)


def _imports(file):
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.split(".")[0]


def test_the_python_is_the_one_that_is_tested():
    assert f"python={sys.version_info.major}.{sys.version_info.minor}" in _specification()["dependencies"]


@pytest.mark.parametrize("package", sorted(_pins()))
def test_each_pin_is_the_version_that_is_tested(package):
    pin = _pins()[package]
    assert version(package).split("+")[0] == pin  # torch says +cpu where it is built for processors
    files = [REPOSITORY / name for name in ("requirements-local.txt", "constraints.txt")]
    pinned = "\n".join(file.read_text(encoding="utf-8") for file in files if file.exists())
    assert re.search(rf"^{re.escape(package)}=={re.escape(pin)}$", pinned, re.MULTILINE | re.IGNORECASE)


def test_whatever_the_trainer_imports_is_in_it_and_nothing_else():
    files = [file for file in TRAINER.glob("*.py") if file.name not in ONLY_HERE]
    imported = {name for file in files for name in _imports(file)} - set(sys.stdlib_module_names) - {"trainer"}
    assert imported == set(_pins()) - UNSEEN


@pytest.mark.parametrize("module", ["trainer.run", "trainer.__main__"])
def test_torch_is_not_imported_before_it_is_needed(module):
    heavy = "('torch', 'transformers', 'peft', 'accelerate', 'httpx2')"
    program = f"import sys, {module}; print([name for name in {heavy} if name in sys.modules])"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30)
    assert said.stdout == "[]\n"
