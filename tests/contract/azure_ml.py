"""What the tests of jobs and of endpoints share."""

import threading
import time
from collections.abc import Callable

from shared.core.run import Run
from shared.gateways.blob_store import BlobStore
from tests.contract.conftest import Real

EXAMPLE = b'{"messages": [{"role": "user", "content": "One?"}, {"role": "assistant", "content": "Two."}]}\n'
PATIENCE = 90.0  # seconds
PACE = threading.Event()  # never set: its timeout leaves the processor to the trainer
AGAIN_AND_AGAIN = 3  # the SDK tries each call three times


def eventually(look: Callable[[], bool]) -> bool:
    """Look until it is so, or time is up."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if look():
            return True
        PACE.wait(0.2)
    return False


def write_split(real: Real, run: Run) -> None:
    """Write what the dataset check writes for a run."""
    for name in ("training", "validation"):
        path = f"{run.id}/{name}.jsonl"
        BlobStore(real.settings, real.credential).write(path, [EXAMPLE] * 10, "application/x-ndjson")
