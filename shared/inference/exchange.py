"""One request on its way: what was asked, of which deployment, under which policy, and since when."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from time import perf_counter
from typing import Any

from shared.core.chat_answer import envelope
from shared.core.chat_request import ChatRequest
from shared.core.policy import Policy
from shared.inference.metrics import Metrics
from shared.ports import Deployment

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Exchange:
    """What belongs to one answer, whole or streamed."""

    deployment: Deployment
    request: ChatRequest
    policy: Policy
    created: datetime
    metrics: Metrics
    request_id: str
    settle: Callable[[int], None]  # told how many tokens it took
    begun: float = field(default_factory=perf_counter)

    def head(self, kind: str) -> dict[str, Any]:
        """Return what each answer and chunk begins with; where nothing is checked it says so, and who wants it."""
        head = envelope(kind, f"chatcmpl-{self.request_id}", int(self.created.timestamp()), self.request.model)
        if (opt_out := self.policy.opt_out) is not None:
            until = opt_out.until.isoformat()
            head["content_safety"] = {
                "checked": False,
                "owner": opt_out.owner,
                "reason": opt_out.reason,
                "until": until,
            }
        return head

    def blocked(self, direction: str, reasons: tuple[str, ...]) -> None:
        """Count what was blocked."""
        self.metrics.blocked(self.deployment.model, direction, reasons)

    def first_text(self, spoke_at: float) -> None:
        """Count a stream whose first text goes out now; the model had begun at `spoke_at`."""
        now = perf_counter()
        self.metrics.first_text(self.deployment.model, now - self.begun, now - spoke_at)

    def began(self) -> None:
        """Log that a stream begins: Azure drops the lines that come once the function has returned its stream."""
        log.info(
            "chat model=%s run=%s request=%s began", self.request.model, self.deployment.run_id, self.request_id
        )

    def failed(self, code: str, why: str = "") -> None:
        """Count and log a request that ends with an error before anything of an answer goes out."""
        model, stream = self.deployment.model, self.request.stream
        self.metrics.request(model, stream=stream, seconds=perf_counter() - self.begun, error=code)
        log.log(
            logging.INFO if code == "content_filter" else logging.WARNING,
            "chat model=%s run=%s request=%s failed %s%s",
            self.request.model,
            self.deployment.run_id,
            self.request_id,
            code,
            f": {why}" if why else "",
        )

    def left(self) -> None:
        """Log an answer that nobody waited for."""
        self.ended("left by the client", None)

    def ended(self, outcome: str, usage: Mapping[str, int] | None, error: str = "") -> None:
        """Log one line per answer: what, for how long, and how it ended; never a word of it."""
        seconds, model = perf_counter() - self.begun, self.deployment.model
        self.metrics.request(model, stream=self.request.stream, seconds=seconds, error=error)
        self.metrics.used(model, usage or {})
        log.log(
            logging.WARNING if outcome.startswith("cut") else logging.INFO,
            "chat model=%s run=%s request=%s stream=%s messages=%d ms=%.0f %s%s",
            self.request.model,
            self.deployment.run_id,
            self.request_id,
            self.request.stream,
            len(self.request.forwarded["messages"]),
            seconds * 1000,
            outcome,
            "" if self.policy.opt_out is None else ", unchecked",
        )
