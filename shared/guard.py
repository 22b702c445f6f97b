"""Who may ask: bearer keys, known by their SHA-256 only."""

import asyncio
import hashlib
from collections.abc import Callable
from datetime import datetime

from shared.core.openai_errors import ApiError, invalid_key, not_allowed, service_unavailable
from shared.errors import ServiceUnavailable
from shared.ports import ApiKey, Keys
from shared.recent import Recent

LONGEST_KEY = 512  # characters; longer ones are not even hashed


class Guard:
    """Checks keys. A revoked key is refused at most 30 s later, a new one is known after at most 5 s."""

    def __init__(self, keys: Keys, clock: Callable[[], datetime]) -> None:
        async def read(key_hash: str) -> ApiKey | None:
            return await asyncio.to_thread(keys.find, key_hash)

        self._clock = clock
        self._recent = Recent(read, clock)

    async def key(self, authorization: str | None, scope: str) -> ApiKey:
        """Return the rights of the header's key; raises ApiError: 401, 403, or 503 when the table is away."""
        scheme, _, bearer = (authorization or "").strip().partition(" ")
        bearer = bearer.strip()
        if scheme.lower() != "bearer" or not bearer:
            raise invalid_key("Missing API key. Send it as 'Authorization: Bearer <key>'.")
        if len(bearer) > LONGEST_KEY:
            raise invalid_key()
        try:
            found = await self._recent.get(hashlib.sha256(bearer.encode("utf-8", "replace")).hexdigest())
        except ServiceUnavailable as error:
            raise service_unavailable(error.retry_after) from None
        if found is None or (found.expires is not None and found.expires <= self._clock()):
            raise invalid_key()
        if scope not in found.scopes:
            raise not_allowed(scope)
        return found

    async def refusal(self, authorization: str | None, scope: str) -> ApiError | None:
        """Return the answer to a request that may not pass, or None for one that may."""
        try:
            await self.key(authorization, scope)
        except ApiError as error:
            return error
        return None
