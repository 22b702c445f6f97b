"""Logs metrics to an MLflow tracking server by REST, in batches, beside the training and never in its way."""

import math
import queue
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from trainer.records import Listener

PERIOD = 2.0  # seconds between batches
TIMEOUT = 5.0  # seconds for one request
LAST_CHANCE = 8.0  # seconds that the end waits for what is left
MOST = 1000  # metrics in one request, MLflow's limit
MOST_WAITING = 5000  # metrics kept while the server is away, and of each name the newest besides
PAUSE = 60.0  # seconds at most to the next try after one that failed
NEVER_TAKEN = (400, 413, 422)  # statuses of batches that it is no use to send again


def listeners(environment: Mapping[str, str]) -> list[Listener]:
    """Return who is to be told the metrics: MLflow where Azure ML (or anybody) set its variables, else nobody."""
    run, server = environment.get("MLFLOW_RUN_ID"), environment.get("MLFLOW_TRACKING_URI", "")
    if not run or not server.startswith(("azureml://", "https://", "http://")):
        return []
    return [MlflowRun(log_batch_url(server), run, environment.get("MLFLOW_TRACKING_TOKEN", ""))]


def log_batch_url(server: str) -> str:
    """Return where batches go: Azure ML's own scheme means https, and its REST paths are of version 2.0."""
    web = "https://" + server.removeprefix("azureml://") if server.startswith("azureml://") else server
    return web.rstrip("/").replace("/mlflow/v1.0/", "/mlflow/v2.0/", 1) + "/api/2.0/mlflow/runs/log-batch"


def pause_after(failures: int) -> float:
    """Return how many seconds after so many failures in a row the next try comes."""
    return min(PAUSE, PERIOD * 2.0 ** min(failures, 10))


class MlflowRun:
    """One run in an MLflow tracking server; a server that cannot be reached costs one line of warning."""

    def __init__(
        self, url: str, run: str, token: str, period: float = PERIOD, pause: Callable[[int], float] = pause_after
    ) -> None:
        self._url, self._run, self._period, self._pause = url, run, period, pause
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._new: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._failures, self._warned, self._next = 0, False, 0.0
        self._thread = threading.Thread(target=self._send_all, name="mlflow", daemon=True)
        self._thread.start()

    def add(self, step: int, values: dict[str, float]) -> None:
        """Take the numbers of one measurement; they are sent within seconds, or once the server is there."""
        now = int(time.time() * 1000)
        for name, value in values.items():
            if math.isfinite(value):
                self._new.put({"key": name, "value": value, "timestamp": now, "step": step})

    def close(self) -> None:
        """Try once more to send what is left, for a few seconds at most."""
        self._new.put(None)
        self._thread.join(LAST_CHANCE)
        if self._thread.is_alive():
            self._warn("it takes too long")

    def _send_all(self) -> None:
        import httpx2

        waiting: list[dict[str, Any]] = []
        with httpx2.Client(timeout=TIMEOUT, headers=self._headers) as http:
            more = True
            while more:
                more = self._collect(waiting)
                waiting[:] = newest(waiting)
                if not more or time.monotonic() >= self._next:
                    self._send(http, waiting)

    def _send(self, http: Any, waiting: list[dict[str, Any]]) -> None:
        """Send what waits, up to the first batch that fails; then the next try has time."""
        while waiting:
            if not self._done_with(http, waiting[:MOST]):
                self._failures += 1
                self._next = time.monotonic() + self._pause(self._failures)
                return
            self._failures = 0
            del waiting[:MOST]

    def _collect(self, waiting: list[dict[str, Any]]) -> bool:
        """Add what comes within a period; return False when no more will come."""
        until = time.monotonic() + self._period
        while (left := until - time.monotonic()) > 0:
            try:
                metric = self._new.get(timeout=left)
            except queue.Empty:
                return True
            if metric is None:
                return False
            waiting.append(metric)
        return True

    def _done_with(self, http: Any, metrics: list[dict[str, Any]]) -> bool:
        """Send a batch; return False where it is to be sent again."""
        import httpx2

        try:
            http.post(self._url, json={"run_id": self._run, "metrics": metrics}).raise_for_status()
        except httpx2.HTTPStatusError as error:
            self._warn(f"status {error.response.status_code}")
            return error.response.status_code in NEVER_TAKEN
        except httpx2.HTTPError as error:
            self._warn(type(error).__name__)
            return False
        except Exception as error:  # noqa: BLE001 - one batch that is no JSON, say, must not end the thread
            self._warn(type(error).__name__)
        return True

    def _warn(self, why: str) -> None:
        if not self._warned:
            print(
                f"trainer: metrics do not reach MLflow ({why}); the training goes on without it", file=sys.stderr
            )
        self._warned = True


def newest(metrics: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the newest metrics, in their order, and of each name the newest one however old it is."""
    last = {metric["key"]: place for place, metric in enumerate(metrics)}
    since = len(metrics) - MOST_WAITING
    return [metric for place, metric in enumerate(metrics) if place >= since or last[metric["key"]] == place]
