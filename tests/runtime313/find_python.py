"""Find a Python 3.13 that really runs: a function for the test, and for make a program that prints the path."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

ADVICE = (
    "No Python 3.13 is found. Install one (`pyenv install 3.13`, or your system's python3.13) "
    "or set PYTHON313 to its path, then run `make test`."
)
ASK_VERSION = "import sys, venv, ensurepip; print(*sys.version_info[:2])"
LIMIT = 20  # seconds for one interpreter to say its version


def python_313(environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the path of a Python 3.13 that can make virtual environments, or None."""
    return next((path for path in _candidates(environment) if _is_313(path)), None)


def _candidates(environment: Mapping[str, str]) -> Iterator[str]:
    if chosen := environment.get("PYTHON313"):
        yield chosen
        return
    if on_path := shutil.which("python3.13", path=environment.get("PATH")):
        yield on_path
    root = Path(environment.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from map(str, sorted(root.glob("versions/3.13*/bin/python3.13"), reverse=True))


def _is_313(path: str) -> bool:
    """Tell whether the interpreter runs: pyenv's python3.13 on the PATH is a script that may refuse to."""
    try:
        answer = subprocess.run(
            [path, "-c", ASK_VERSION], capture_output=True, text=True, timeout=LIMIT, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0 and answer.stdout.split() == ["3", "13"]


if __name__ == "__main__":
    found = python_313()
    print(found or ADVICE, file=sys.stdout if found else sys.stderr)
    sys.exit(0 if found else 1)
