"""An app as the command line meets it over HTTP, with scripted answers."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import httpx2

from cli.address import Address
from cli.api import Api

URL = "https://app.example.com"
KEY = "td-secret"
RUN_ID = "r" + "0" * 19 + "1"
LATER_ID = "r" + "0" * 19 + "2"


def run(state: str = "training", run_id: str = RUN_ID, **changes: Any) -> dict[str, Any]:
    """Return a run as GET /runs/{id} answers it."""
    return {
        "object": "run",
        "id": run_id,
        "model": "support",
        "dataset": "support/2026.jsonl",
        "state": state,
        "since": "2026-11-20T12:01:00+00:00",
        "created": "2026-11-20T12:00:00+00:00",
        "attempt": 1,
        "reasons": [],
        "base_model": "Phi-4-mini-instruct",
        "job": {"name": f"tunedrop-{run_id}", "status": "Running", "metrics": {"loss": 1.23456}},
        "history": [
            {"at": "2026-11-20T12:00:01+00:00", "state": "received", "reasons": []},
            {"at": "2026-11-20T12:01:00+00:00", "state": state, "reasons": []},
        ],
        "of_a_newer_app": True,
    } | changes


def listed(*runs: dict[str, Any], more: bool = False) -> dict[str, Any]:
    return {"object": "list", "data": list(runs), "has_more": more}


def error(message: str, code: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}}


@dataclass
class ScriptedApp:
    """Answers each route with what was scripted for it, with its query or without, the last answer ever again."""

    asked: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    _answers: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))

    def answers(self, route: str, *answers: Any) -> None:
        """Script answers: a body, (status, body), (status, body, headers), or an error to raise."""
        self._answers[route] += answers

    def api(self, url: str | None = None) -> Api:
        return Api(Address(url or URL, KEY), httpx2.MockTransport(self._answer), self.waits.append)

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        route = f"{request.method} {request.url.raw_path.decode()}"
        self.asked.append(route)
        self.keys.add(request.headers["authorization"])
        scripted = self._answers[route if route in self._answers else route.partition("?")[0]]
        answer = scripted.pop(0) if len(scripted) > 1 else scripted[0]
        if isinstance(answer, Exception):
            raise answer
        status, body, headers = (*answer, {})[:3] if isinstance(answer, tuple) else (200, answer, {})
        content = {"content": body} if isinstance(body, bytes) else {"json": body}
        return httpx2.Response(status, headers=headers, **content)
