"""A whole inference over fakes, and short words for asking it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from shared.core.holdback import Pace
from shared.core.openai_errors import ApiError
from shared.core.policy import Policy
from shared.inference import Inference
from shared.inference.metrics import Metrics
from shared.inference.patience import Patience
from shared.ports import ApiKey, Deployment
from tests.fakes import FakeModels, FakePolicies
from tests.fakes_inference import FakeChatModel, FakeSafety

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
KEY = ApiKey("h", "tests", NOW)
SERVED = Deployment(
    "support", "r0", "td-r0", "https://localhost:1", "Phi-4-mini-instruct", created=NOW, dataset_created=NOW
)


def asked(content: Any = "Hello?", **more: Any) -> dict[str, Any]:
    """Return a request with one user message."""
    return {"model": "support", "messages": [{"role": "user", "content": content}], **more}


@dataclass
class Outcome:
    """What a client got: an error, or an answer (of a stream: put together)."""

    status: int = 200
    body: Mapping[str, Any] = field(default_factory=dict)
    chunks: list[dict[str, Any]] = field(default_factory=list)
    cut: ApiError | None = None  # the stream broke with this

    @property
    def code(self) -> str | None:
        return self.body.get("error", {}).get("code")

    def text(self, index: int = 0) -> str:
        return "".join(
            choice["delta"].get("content", "")
            for chunk in self.chunks
            for choice in chunk["choices"]
            if choice["index"] == index
        )

    def finish(self, index: int = 0) -> str | None:
        ends = [
            choice["finish_reason"]
            for chunk in self.chunks
            for choice in chunk["choices"]
            if choice["index"] == index and choice["finish_reason"]
        ]
        assert len(ends) <= 1
        return ends[0] if ends else None


@dataclass
class Asking:
    """The use case over fakes."""

    safety: FakeSafety = field(default_factory=FakeSafety)
    chat: FakeChatModel = field(default_factory=FakeChatModel)
    models: FakeModels = field(default_factory=FakeModels)
    policies: FakePolicies = field(default_factory=FakePolicies)
    pace: Pace = Pace()
    policy: Policy = Policy()
    metrics: Metrics | None = None
    patience: Patience = Patience(attempt=0.01, total=0.05)

    def __post_init__(self) -> None:
        self.models.point(SERVED)

    def inference(self) -> Inference:
        return Inference(
            self.models,
            self.policies,
            self.safety,
            self.chat,
            lambda: NOW,
            policy=self.policy,
            pace=self.pace,
            patience=self.patience,
            metrics=self.metrics,
        )

    async def whole(self, body: Any, key: ApiKey = KEY, **options: Any) -> Outcome:
        try:
            return Outcome(body=await self.inference().complete(body, key, **options))
        except ApiError as error:
            return Outcome(error.status, error.body)

    async def streamed(self, body: Any, key: ApiKey = KEY) -> Outcome:
        try:
            chunks = await self.inference().stream({**body, "stream": True}, key)
        except ApiError as error:
            return Outcome(error.status, error.body)
        outcome = Outcome()
        try:
            async for chunk in chunks:
                outcome.chunks.append(chunk)
        except ApiError as error:
            outcome.cut = error
        return outcome
