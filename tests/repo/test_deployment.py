"""What goes to Azure: the app, and nothing that only a laptop needs."""

import subprocess
from pathlib import Path

DEPLOYED = {"function_app.py", "functions", "host.json", "requirements.txt", "shared"}


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
