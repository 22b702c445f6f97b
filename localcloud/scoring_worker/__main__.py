"""Runs the scoring worker: requests in, events out, a line of JSON each; it ends when its input does."""

import json
import os
import queue
import sys
import threading
from typing import Any, TextIO

Requests = queue.SimpleQueue[dict[str, Any] | None]


def main() -> None:
    """Answer requests until the input ends."""
    os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints goes to the log, not between our events
    requests: Requests = queue.SimpleQueue()
    threading.Thread(target=_read, args=(requests,), daemon=True).start()
    from localcloud.scoring_worker.turns import Turns  # imports torch, while requests already wait in the queue

    Turns(requests, lambda event: _write(out, event)).run()


def _read(requests: Requests) -> None:
    for line in sys.stdin:
        requests.put(json.loads(line))
    requests.put(None)


def _write(out: TextIO, event: dict[str, Any]) -> None:
    out.write(json.dumps(event) + "\n")
    out.flush()


if __name__ == "__main__":
    main()
