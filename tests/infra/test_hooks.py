"""azure.yaml and its hooks: what they name exists, and they do what they say, with a program in azd's place."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
AZURE = yaml.safe_load((ROOT / "azure.yaml").read_text(encoding="utf-8"))
HOOKS = sorted((ROOT / "infra/hooks").glob("*.sh"))
# Writes down what it is asked for; `provision` fails as often as `failures` has lines, or ends who asks for it.
AZD = """#!/bin/sh
echo "$*" >> "$LOG"
if [ "$1" = provision ] && [ -n "${SIGNAL:-}" ]; then
  kill -s "$SIGNAL" "$PPID"; exit 1
fi
if [ "$1" = provision ] && [ -s "$FAILURES" ]; then
  tail -n +2 "$FAILURES" > "$FAILURES.left"; mv "$FAILURES.left" "$FAILURES"; exit 1
fi
"""


def hook(name: str, tmp_path: Path, *, failures: int = 0, **environment: str) -> tuple[int, list[str]]:
    """Run a hook; return its exit status and what it asked azd for."""
    programs = {"azd": AZD, "sleep": "#!/bin/sh\n"}
    for program, text in programs.items():
        (tmp_path / program).write_text(text, encoding="utf-8")
        (tmp_path / program).chmod(0o755)
    log, fails = tmp_path / "log", tmp_path / "failures"
    log.touch()
    fails.write_text("fail\n" * failures, encoding="utf-8")
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = subprocess.run(
        [shutil.which("dash") or "sh", str(ROOT / "infra/hooks" / name)],
        env={"PATH": path, "LOG": str(log), "FAILURES": str(fails), **environment},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    return done.returncode, log.read_text(encoding="utf-8").splitlines()


ON, OFF = "env set DEPLOY_EVENT_SUBSCRIPTIONS true", "env set DEPLOY_EVENT_SUBSCRIPTIONS false"
PROVISION = "provision --no-prompt"


@pytest.mark.parametrize(
    ("environment", "failures", "status", "asked"),
    [
        ({}, 0, 0, [ON, PROVISION]),
        ({"DEPLOY_EVENT_SUBSCRIPTIONS": "false"}, 0, 0, [ON, PROVISION]),
        ({"DEPLOY_EVENT_SUBSCRIPTIONS": "true"}, 0, 0, [ON, PROVISION]),
        ({}, 4, 0, [ON, *[PROVISION] * 5]),
        ({}, 5, 1, [ON, *[PROVISION] * 5, OFF]),
        ({"SIGNAL": "HUP"}, 0, 129, [ON, PROVISION, OFF]),
        ({"SIGNAL": "INT"}, 0, 130, [ON, PROVISION, OFF]),
        ({"SIGNAL": "TERM"}, 0, 143, [ON, PROVISION, OFF]),
        ({"SIGNAL": "KILL"}, 0, -9, [ON, PROVISION]),
    ],
    ids=["first", "off", "on already", "the fifth time", "never", "hung up", "Ctrl-C", "ended", "killed"],
)
def test_subscriptions_are_made_once_the_functions_are_there(tmp_path, environment, failures, status, asked):
    assert hook("subscribe.sh", tmp_path, failures=failures, **environment) == (status, asked)


def test_what_is_removed_is_forgotten(tmp_path):
    assert hook("forget.sh", tmp_path) == (0, [OFF, "env set BUDGET_START "])


def test_what_azure_yaml_names_is_there():
    assert (ROOT / AZURE["infra"]["path"] / f"{AZURE['infra']['module']}.bicep").is_file()
    for event, systems in AZURE["hooks"].items():
        for system, run in systems.items():
            path = ROOT / run["run"]
            assert path.is_file(), (event, system)
            assert (path.suffix, run["shell"]) in {(".sh", "sh"), (".ps1", "pwsh")}
            assert system == {"sh": "posix", "pwsh": "windows"}[run["shell"]]
            assert path.suffix == ".ps1" or os.access(path, os.X_OK)


@pytest.mark.parametrize("path", HOOKS, ids=lambda path: path.name)
def test_both_shells_ask_azd_for_the_same(path: Path):
    def asked(file: Path) -> set[str]:
        lines = (line.strip() for line in file.read_text(encoding="utf-8").splitlines())
        calls = {line.removeprefix("until ").split(";")[0].replace('"', "'") for line in lines if "azd " in line}
        return {call for call in calls if call.startswith("azd ")}

    assert asked(path) == asked(path.with_suffix(".ps1")) != set()


def test_the_service_has_the_name_that_the_app_is_tagged_with():
    tagged = "'azd-service-name': 'app'"
    assert tagged in (ROOT / "infra/functions.bicep").read_text(encoding="utf-8")
    assert list(AZURE["services"]) == ["app"]
