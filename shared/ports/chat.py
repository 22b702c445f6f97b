"""Asking a model, and Content Safety before and after."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from shared.ports.access import Deployment


@dataclass(frozen=True)
class Analysis:
    """What Content Safety says of one text: severity 0-7 by category, and blocklists that matched."""

    severities: Mapping[str, int] = field(default_factory=dict)
    blocklists: tuple[str, ...] = ()


@dataclass(frozen=True)
class Attacks:
    """Whether the user's prompt attacks the model, and whether a document does; None where there was none."""

    prompt: bool
    documents: bool | None = None


class Safety(Protocol):
    """Azure AI Content Safety, the hot path. Raises ServiceUnavailable on anything but a verdict."""

    async def analyze(self, text: str, blocklists: Sequence[str] = ()) -> Analysis:
        """Return the severities of a text of at most 10,000 code points, and which of these blocklists match."""
        ...

    async def attacks(self, prompt: str, documents: Sequence[str]) -> Attacks:
        """Return where Prompt Shields see an attack: in the user's prompt, or in a document (10,000 each way)."""
        ...

    async def protected(self, text: str) -> bool:
        """Tell whether a completion of 110 to 10,000 code points is protected material: somebody else's text."""
        ...


class ChatModel(Protocol):
    """A deployment's chat completions. Raises ServiceUnavailable, or ServiceRefused with its status and code."""

    async def complete(self, deployment: Deployment, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the chat completion."""
        ...

    def stream(self, deployment: Deployment, request: Mapping[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the chunks of a streamed chat completion as they come; closing the iterator cancels it."""
        ...
