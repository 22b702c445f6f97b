"""What the tests of jobs and of endpoints share: each holds on both routes."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from shared.core.base_models import Route
from shared.core.run import Run
from shared.errors import ServiceUnavailable
from shared.gateways.azure_ml import AzureEndpoints, AzureTraining
from shared.gateways.blob_store import BlobStore
from shared.gateways.managed_endpoints import ManagedEndpoints
from shared.gateways.managed_training import ManagedTraining
from shared.ports import Endpoints
from tests.contract.conftest import Real

EXAMPLE = b'{"messages": [{"role": "user", "content": "One?"}, {"role": "assistant", "content": "Two."}]}\n'
PATIENCE = 240.0  # seconds that anything may take at most, on a machine busy with much else
PACE = threading.Event()  # never set: its timeout leaves the processor to the trainer
AGAIN_AND_AGAIN = 3  # the SDK tries each call three times


ROUTES = list(Route)
# azure-ai-ml describes command jobs with schemas that marshmallow calls outdated.
OUTDATED = "ignore:The `context` parameter is deprecated"


def training_of(real: Real, route: Route) -> AzureTraining:
    """Return the gateway of this route's jobs."""
    made = ManagedTraining if route is Route.MANAGED else AzureTraining
    return made(real.settings, real.credential)


def endpoints_of(real: Real, route: Route) -> Endpoints:
    """Return the gateway of this route's endpoints."""
    made = ManagedEndpoints if route is Route.MANAGED else AzureEndpoints
    return made(real.settings, real.credential)


def going(run: Run, route: Route) -> Run:
    """Return the run as one that was checked for this route."""
    base_model = "Phi-3.5-mini-instruct" if route is Route.MANAGED else "Phi-4-mini-instruct"
    return replace(run, checked=replace(run.checked, route=route.value, base_model=base_model))


def put_of(real: Real, kind: str) -> str:
    """Return how the creation of a resource of this kind reads in the local cloud's history: for a fault."""
    settings = real.settings
    group = f"/subscriptions/{settings.subscription}/resourceGroups/{settings.resource_group}"
    return f"PUT {group}/providers/Microsoft.MachineLearningServices/workspaces/{settings.workspace}/{kind}/"


def puts(real: Real, kind: str) -> list[dict[str, Any]]:
    """Return the creations of resources of this kind that the local cloud was asked for."""
    calls = real.cloud.history("arm")
    return [call for call in calls if f"{call['method']} {call['path']}".startswith(put_of(real, kind))]


def eventually(look: Callable[[], bool]) -> bool:
    """Look until it is so, or time is up."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if look():
            return True
        PACE.wait(0.2)
    return False


def is_gone(endpoints: Endpoints, endpoint: str) -> bool:
    """Ask for an endpoint's end, and tell whether it came; while something else is under way there, it waits."""
    try:
        return endpoints.delete(endpoint)
    except ServiceUnavailable:
        return False


def write_split(real: Real, run: Run) -> None:
    """Write what the dataset check writes for a run."""
    for name in ("training", "validation"):
        path = f"{run.id}/{name}.jsonl"
        BlobStore(real.settings, real.credential).write(path, [EXAMPLE] * 10, "application/x-ndjson")
