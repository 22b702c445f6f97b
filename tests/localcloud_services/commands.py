"""Command jobs over plain REST: the assets that they need, and their bodies."""

import json
from typing import Any

from tests.localcloud_services.conftest import Served, W

COMMANDS, ASSETS = "2025-01-01-preview", "2024-10-01"
CODE, ENVIRONMENT = f"{W}/codes/tuned/versions/1", f"{W}/environments/plain/versions/1"
IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"
PHI3 = "azureml://registries/azureml/models/Phi-3-mini-4k-instruct/versions/14"
SCRIPT = b"""
import json, os, signal, sys
from pathlib import Path

out = Path(sys.argv[1])
out.joinpath("seen.json").write_text(json.dumps({"environment": dict(os.environ), "arguments": sys.argv[2:]}))
if "fail" in sys.argv:
    print("nothing works", file=sys.stderr)
    sys.exit(3)
if "stay" in sys.argv and not (out / "been.here").exists():
    (out / "been.here").write_text("once")
    signal.pause()
"""


def prepared(here: Served) -> Served:
    """Upload a small program, register it as code, and register an environment."""
    here.blobs["reports/code/abc/show/__init__.py"] = b""
    here.blobs["reports/code/abc/show/__main__.py"] = SCRIPT
    uri = "azureml://datastores/tunedrop/paths/code/abc/"
    put(here, "/codes/tuned/versions/1", {"codeUri": uri})
    put(here, "/environments/plain/versions/1", {"image": IMAGE})
    return here


def put(here: Served, path: str, properties: dict[str, Any]) -> int:
    return here.arm("PUT", path, ASSETS, {"properties": properties}).status


def output(name: str) -> dict[str, Any]:
    uri = f"azureml://datastores/tunedrop/paths/out/{name}/"
    return {"jobOutputType": "uri_folder", "mode": "ReadWriteMount", "uri": uri}


def command_body(name: str, words: str = "", **changes: Any) -> dict[str, Any]:
    """Return the body of a job that runs the small program, as the SDK sends it, with some fields changed."""
    properties: dict[str, Any] = {
        "jobType": "Command",
        "command": f"python -m show ${{{{outputs.work}}}} {words}",
        "codeId": CODE,
        "environmentId": ENVIRONMENT,
        "experimentName": "tunedrop",
        "isArchived": False,
        "inputs": {},
        "outputs": {"work": output(name)},
        "resources": {"instanceCount": 1, "instanceType": "Standard_NC24ads_A100_v4", "properties": {}},
        "queueSettings": {"jobTier": "Standard"},
        "limits": {"timeout": "P2D", "jobLimitsType": "Command"},
        "environmentVariables": {"OWN": "yes"},
        "tags": {},
        "properties": {},
    }
    return {"properties": {**properties, **changes}}


def submit(here: Served, name: str, words: str = "", **changes: Any) -> None:
    answer = here.arm("PUT", f"/jobs/{name}", COMMANDS, command_body(name, words, **changes))
    assert answer.status == 201, answer.body


def ended(here: Served, name: str) -> str:
    return here.until(lambda: here.job_status(name), "Completed", "Failed", "Canceled")


def error_of(here: Served, name: str) -> dict[str, str]:
    """Return why a job ended badly."""
    details = here.call("GET", f"{here.urls['arm']}/history/v1.0{W}/runs/{name}/details").body
    return dict(details["error"]["error"])


def seen(here: Served, name: str) -> dict[str, Any]:
    """Return what the small program saw, from where its output was uploaded."""
    return dict(json.loads(here.blobs[f"reports/out/{name}/seen.json"]))
