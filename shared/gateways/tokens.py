"""Entra tokens for asynchronous gateways: kept in memory, renewed in time, asked for once however many wait."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from azure.core.credentials import AccessToken, TokenCredential
from azure.core.exceptions import AzureError

from shared.errors import ServiceUnavailable

RENEW = 300  # seconds before a token expires


class Tokens:
    """Bearer tokens by scope."""

    def __init__(self, credential: TokenCredential, clock: Callable[[], datetime]) -> None:
        self._credential, self._clock = credential, clock
        self._kept: dict[str, AccessToken] = {}
        self._asking: dict[tuple[asyncio.AbstractEventLoop, str], asyncio.Task[AccessToken]] = {}

    async def header(self, scope: str) -> str:
        """Return the Authorization header's value; raises ServiceUnavailable when there is no token."""
        now = self._clock().timestamp()
        token = self._kept.get(scope)
        if token is None or token.expires_on - RENEW <= now:
            token = await self._renewed(scope, token, now)
        return f"Bearer {token.token}"

    async def _renewed(self, scope: str, old: AccessToken | None, now: float) -> AccessToken:
        place = (asyncio.get_running_loop(), scope)
        asking = self._asking.get(place)
        if asking is None:
            asking = self._asking[place] = asyncio.create_task(self._ask(scope))
            asking.add_done_callback(lambda _task: self._asking.pop(place, None))
        try:
            return await asyncio.shield(asking)
        except AzureError:
            if old is not None and old.expires_on > now:
                return old  # it still works; the next request asks again
            raise ServiceUnavailable("identity", "no token for the app's identity") from None

    async def _ask(self, scope: str) -> AccessToken:
        token = await asyncio.to_thread(self._credential.get_token, scope)
        self._kept[scope] = token
        return token
