"""Why a managed online endpoint was not provisioned: Azure ML's words, and the server's last ones."""

import logging
from typing import Any
from urllib.parse import urlsplit

from shared.errors import ServiceRefused, ServiceUnavailable
from shared.gateways.arm import Arm

log = logging.getLogger(__name__)

LINES = 50  # of the server's log that are asked for
LINE_LIMIT = 200  # characters
CONTAINER = "InferenceServer"


def failure_of(arm: Arm, run_id: str, resource: dict[str, Any], deployment: str = "") -> str:
    """Return why an endpoint or a deployment (then with its path) of the run failed; empty where nothing tells.

    What the operation says comes first; the last line of the server's log follows, since it names the fault of a
    script or a model that Azure ML knows as "not ready" only.
    """
    told = [_operation_error(arm, run_id, resource)]
    told += [_last_line(arm, run_id, deployment)] if deployment else []
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


def _last_line(arm: Arm, run_id: str, deployment: str) -> str:
    try:
        answer = arm.post(f"{deployment}/getLogs", {"containerType": CONTAINER, "tail": LINES})
    except (ServiceRefused, ServiceUnavailable) as silence:
        log.info("run %s: no log of its server: %s", run_id, silence)
        return ""
    lines = [line.strip() for line in str(answer.get("content") or "").splitlines() if line.strip()]
    return f"its log ends: {lines[-1][:LINE_LIMIT]}" if lines else ""
