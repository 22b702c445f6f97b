"""What goes to Azure: the app, and nothing that only a laptop needs."""

import subprocess
from pathlib import Path

from shared.gateways.code_folder import LEFT_OUT, files_of

DEPLOYED = {"function_app.py", "functions", "host.json", "requirements.txt", "scorer", "shared", "trainer"}


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


def test_the_code_of_azure_ml_s_machines_is_the_same_in_the_package_and_in_the_repository():
    ignored = Path(".funcignore").read_text(encoding="utf-8").splitlines()
    inside = [Path(line) for line in ignored if line.startswith(("scorer/", "trainer/"))]
    assert {path.name for path in inside} == LEFT_OUT - {"__pycache__"}
    assert [name for name in files_of(Path()) for path in inside if Path(name).is_relative_to(path)] == []
    tracked = subprocess.run(["git", "ls-files", "scorer", "trainer"], capture_output=True, text=True, check=True)
    left_out = [name for name in tracked.stdout.splitlines() if any(Path(name).is_relative_to(p) for p in inside)]
    assert set(tracked.stdout.splitlines()) - set(left_out) <= set(files_of(Path()))
