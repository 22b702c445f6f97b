"""Why a managed online endpoint was not provisioned: Azure ML's words, and those of the server's log."""

import logging
import re
from typing import Any
from urllib.parse import urlsplit

from shared.errors import ServiceRefused, ServiceUnavailable
from shared.gateways.arm import Arm

log = logging.getLogger(__name__)

LINES = 200  # of the server's log that are asked for; a traceback follows the line that says most
LINE_LIMIT = 200  # characters
CONTAINER = "InferenceServer"
SAID = re.compile(r"\b[CE] \[\d+\] azmlinfsrv\.scorer - (.+)")  # our script, by the server's own logger
RAISED = re.compile(r"(?:\w+\.)*(?!UserScript)\w+(?:Error|Exception|Exit): .+")  # but not the server's wrapping


def failure_of(arm: Arm, run_id: str, resource: dict[str, Any], deployment: str = "") -> str:
    """Return why an endpoint or a deployment (then with its path) of the run failed; empty where nothing tells.

    What the operation says comes first; a line of the server's log follows, since it names the fault of a script
    or a model that Azure ML knows as "not ready" only.
    """
    told = [_operation_error(arm, run_id, resource)]
    told += [_log_says(arm, run_id, deployment)] if deployment else []
    return "; ".join(text for text in told if text)


def _operation_error(arm: Arm, run_id: str, resource: dict[str, Any]) -> str:
    """Return the error of the operation that made it, whose address the resource keeps among its properties."""
    address = str((resource["properties"].get("properties") or {}).get("AzureAsyncOperationUri") or "")
    place = urlsplit(address)
    if not place.path:
        return ""
    try:
        # Of the address only the path is followed: the app's token goes to the Resource Manager and nowhere else.
        operation = arm.get(f"{place.path}?{place.query}")
    except (ServiceRefused, ServiceUnavailable) as silence:
        log.info("run %s: no word on what failed: %s", run_id, silence)
        return ""
    error = operation.get("error") or {}
    return ": ".join(str(text) for text in (error.get("code"), error.get("message")) if text)


def _log_says(arm: Arm, run_id: str, deployment: str) -> str:
    try:
        answer = arm.post(f"{deployment}/getLogs", {"containerType": CONTAINER, "tail": LINES})
    except (ServiceRefused, ServiceUnavailable) as silence:
        log.info("run %s: no log of its server: %s", run_id, silence)
        return ""
    says = telling_line(str(answer.get("content") or ""))
    return f"its log says: {says[:LINE_LIMIT]}" if says else ""


def telling_line(log: str) -> str:
    """Return the line that says why a server ended: the scoring script's own, else an exception's, else the last.

    The last lines of Microsoft's server are always gunicorn's, of a worker that failed to boot.
    """
    lines = [line for line in log.splitlines() if line.strip()]
    said = [match[1] for line in lines if (match := SAID.search(line))]
    raised = [line for line in lines if RAISED.match(line)]
    return (said or raised or lines or [""])[-1].strip()
