"""What goes to Azure: the app, and nothing that only a laptop needs."""

import subprocess
from collections.abc import Iterable
from pathlib import Path

from shared.gateways.code_folder import files_of

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
