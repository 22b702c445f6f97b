"""Logs metrics to an MLflow tracking server by REST, in batches, beside the training and never in its way."""

import queue
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any

from trainer.records import Listener

PERIOD = 2.0  # seconds between batches
TIMEOUT = 5.0  # seconds for one request
LAST_CHANCE = 8.0  # seconds that the end waits for what is left
MOST = 1000  # metrics in one request, MLflow's limit
PATIENCE = 5  # requests without success in a row, then no more are made


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


class MlflowRun:
    """One run in an MLflow tracking server; a server that cannot be reached costs one line of warning."""

    def __init__(self, url: str, run: str, token: str, period: float = PERIOD) -> None:
        self._url, self._run, self._period = url, run, period
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._new: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._failures, self._warned = 0, False
        self._thread = threading.Thread(target=self._send_all, name="mlflow", daemon=True)
        self._thread.start()

    def add(self, step: int, values: dict[str, float]) -> None:
        """Take the numbers of one measurement; they are sent within seconds."""
        now = int(time.time() * 1000)
        for name, value in values.items():
            self._new.put({"key": name, "value": value, "timestamp": now, "step": step})

    def close(self) -> None:
        """Send what is left, for a few seconds at most."""
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
                while waiting and self._failures < PATIENCE and self._sent(http, waiting[:MOST]):
                    del waiting[:MOST]
                if self._failures >= PATIENCE:
                    waiting.clear()

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

    def _sent(self, http: Any, metrics: list[dict[str, Any]]) -> bool:
        import httpx2

        try:
            http.post(self._url, json={"run_id": self._run, "metrics": metrics}).raise_for_status()
        except httpx2.HTTPError as error:
            self._failures += 1
            self._warn(type(error).__name__)
            return False
        self._failures = 0
        return True

    def _warn(self, why: str) -> None:
        if not self._warned:
            print(
                f"trainer: metrics do not reach MLflow ({why}); the training goes on without it", file=sys.stderr
            )
        self._warned = True
