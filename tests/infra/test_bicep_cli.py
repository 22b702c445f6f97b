"""Where Azure's own compiler is at hand, it has the last word."""

import shutil
import subprocess
from pathlib import Path

import pytest

MAIN = Path(__file__).resolve().parents[2] / "infra/main.bicep"


@pytest.mark.skipif(shutil.which("bicep") is None, reason="the Bicep CLI is not installed")
def test_bicep_builds_it_without_an_error(tmp_path: Path):
    command = ["bicep", "build", str(MAIN), "--outfile", str(tmp_path / "main.json")]
    built = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    errors = [line for line in built.stderr.splitlines() if " : Error " in line]
    assert (built.returncode, errors) == (0, [])
