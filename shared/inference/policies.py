"""Which policy holds for a model right now."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from shared.core.openai_errors import service_unavailable
from shared.core.policy import Policy
from shared.errors import ServiceRefused, ServiceUnavailable
from shared.ports import Policies
from shared.recent import Recent

KEPT = timedelta(seconds=30)


class PolicyOfModel:
    """The model's own policy, at most 30 s late, else the default; never none."""

    def __init__(self, policies: Policies, default: Policy, clock: Callable[[], datetime]) -> None:
        async def find(model: str) -> Policy | None:
            return await asyncio.to_thread(policies.find, model)

        self._default, self._clock = default, clock
        self._recent = Recent(find, clock, found=KEPT, missing=KEPT)

    async def of(self, model: str) -> Policy:
        """Return the policy; raises ApiError 503 when it cannot be read, since the default may be too lax."""
        try:
            found = await self._recent.get(model)
        except ServiceUnavailable as error:
            raise service_unavailable(error.retry_after) from None
        except ServiceRefused:
            raise service_unavailable(None) from None
        return (found or self._default).at(self._clock())
