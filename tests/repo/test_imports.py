"""Import rules that import-linter cannot see: it takes every azure.* package for one."""

import ast
from pathlib import Path

import pytest

PACKAGES = ["shared", "functions", "cli", "demo", "localcloud", "scorer", "trainer"]


def imports_of(path: Path) -> set[str]:
    """Return every module that a file imports, also inside functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def imported(module: str, path: Path) -> bool:
    return any(name == module or name.startswith(f"{module}.") for name in imports_of(path))


def files(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted(Path(folder).rglob("*.py"))]


@pytest.mark.parametrize(
    ("module", "allowed"),
    [
        ("azure.functions", ("functions/", "localcloud/functions_host/")),
        ("azurefunctions", ("functions/",)),
        ("function_app", ()),
        ("torch", ("trainer/", "scorer/")),
        ("transformers", ("trainer/", "scorer/")),
    ],
)
def test_only_the_right_folders_import(module, allowed):
    strays = [
        str(path) for path in files(*PACKAGES) if not str(path).startswith(allowed) and imported(module, path)
    ]
    assert strays == []


def test_nothing_is_mocked():
    assert [str(path) for path in files("tests") if imported("unittest.mock", path)] == []


def test_the_azure_ml_sdk_is_imported_inside_functions_only():
    for path in files("shared", "functions"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        top = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
        names = {getattr(node, "module", None) or node.names[0].name for node in top}
        assert not any(name.startswith("azure.ai.ml") for name in names), path
