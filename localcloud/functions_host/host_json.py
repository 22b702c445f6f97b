"""host.json: what the host reads of it, with the defaults of Azure Functions."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCALE = 1 / 20  # a laptop's minute is three seconds, as for Event Grid's retries


@dataclass(frozen=True)
class QueueSettings:
    """How queue triggers read; times in seconds."""

    encoding: str = "base64"
    batch: int = 16
    new_batch_below: int = 8
    most_dequeues: int = 5
    retry_after: float = 0.0  # how long a failed message stays invisible


@dataclass(frozen=True)
class HostSettings:
    """The part of host.json that this host honours."""

    route_prefix: str
    queues: QueueSettings


def host_settings(path: Path) -> HostSettings:
    """Return the settings of a host.json; raises ValueError that names the file and what is wrong."""
    if not path.exists():
        raise ValueError(f"{path} is missing: a function app needs it beside its code")
    try:
        content = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}") from error
    if content.get("version") != "2.0":
        raise ValueError(f'{path}: "version" must be "2.0"')
    extensions = content.get("extensions", {})
    prefix = extensions.get("http", {}).get("routePrefix", "api")
    return HostSettings(prefix.strip("/"), _queues(extensions.get("queues", {}), path))


def _queues(settings: dict[str, Any], path: Path) -> QueueSettings:
    encoding = settings.get("messageEncoding", "base64").lower()
    if encoding not in ("base64", "none"):
        raise ValueError(f'{path}: extensions.queues.messageEncoding must be "base64" or "none"')
    batch = int(settings.get("batchSize", 16))
    return QueueSettings(
        encoding=encoding,
        batch=batch,
        new_batch_below=int(settings.get("newBatchThreshold", batch // 2)),
        most_dequeues=int(settings.get("maxDequeueCount", 5)),
        retry_after=_seconds(settings.get("visibilityTimeout", "00:00:00")) * SCALE,
    )


def _seconds(text: str) -> float:
    hours, minutes, seconds = (float(part) for part in text.split(":"))
    return hours * 3600 + minutes * 60 + seconds
