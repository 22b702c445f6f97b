"""The keys of endpoints of both kinds, read from Resource Manager when needed and kept in memory only."""

from urllib.parse import quote

import msgspec

from shared.core.names import is_online
from shared.errors import ServiceUnavailable
from shared.gateways.http_errors import UNREADABLE, Reaching, answered
from shared.gateways.http_pool import HttpPool
from shared.gateways.tokens import Tokens
from shared.settings import Settings

SERVICE = "azure ml"
API_VERSION = "2024-10-01"
TIMEOUT = 10.0  # seconds


class _Keys(msgspec.Struct):
    """What `listKeys` answers."""

    primaryKey: str  # noqa: N815 - Azure's spelling


class EndpointKeys:
    """Primary keys by endpoint."""

    def __init__(self, settings: Settings, pool: HttpPool, tokens: Tokens) -> None:
        self._scope = f"{settings.arm_url}/.default"
        self._workspace = (
            f"{settings.arm_url}/subscriptions/{settings.subscription}/resourceGroups/{settings.resource_group}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{settings.workspace}"
        )
        self._pool, self._tokens = pool, tokens
        self._kept: dict[str, str] = {}

    async def key(self, endpoint: str) -> str:
        """Return the endpoint's key; raises ServiceUnavailable, or NotFound where Azure has no such endpoint."""
        found = self._kept.get(endpoint)
        if found is None:
            found = self._kept[endpoint] = await self._read(endpoint)
        return found

    def forget(self, endpoint: str, key: str) -> None:
        """Forget a key that was refused, unless a newer one is known by now."""
        if self._kept.get(endpoint) == key:
            del self._kept[endpoint]

    async def _read(self, endpoint: str) -> str:
        kind = "onlineEndpoints" if is_online(endpoint) else "serverlessEndpoints"
        url = f"{self._workspace}/{kind}/{quote(endpoint, safe='')}/listKeys?api-version={API_VERSION}"
        headers = {"authorization": await self._tokens.header(self._scope)}
        timeout = self._pool.timeout(TIMEOUT)
        with Reaching(SERVICE):
            async with self._pool.session().post(
                url, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                raw = await response.read()
        if response.status != 200:
            raise answered(SERVICE, response.status, response.headers, reason="no key for the endpoint")
        try:
            return msgspec.json.decode(raw, type=_Keys).primaryKey
        except UNREADABLE:
            raise ServiceUnavailable(SERVICE, "keys that are none") from None
