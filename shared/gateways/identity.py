"""The app's identity: on Azure the managed one, on a laptop whatever DefaultAzureCredential finds."""

from functools import cache
from threading import Lock
from typing import Any

from azure.core.credentials import AccessToken, TokenCredential
from azure.core.exceptions import AzureError

from shared.calling import CONNECTION_TIMEOUT, READ_TIMEOUT, RETRIES


@cache
def credential() -> TokenCredential:
    """Return the one credential of this process; it caches tokens, so everybody shares it."""
    from azure.identity import DefaultAzureCredential

    return DefaultAzureCredential(
        retry_total=RETRIES, connection_timeout=CONNECTION_TIMEOUT, read_timeout=READ_TIMEOUT
    )


class AskedOnce:
    """A credential that asks once for each scope, however many threads wait, and keeps a failure too.

    For one look at a deployment: the Azure CLI starts a process for each token; many at once are too slow for it.
    """

    def __init__(self, credential: TokenCredential) -> None:
        self._credential, self._lock = credential, Lock()
        self._kept: dict[tuple[str, ...], AccessToken | Exception] = {}

    def get_token(self, *scopes: str, **_options: Any) -> AccessToken:
        """Return the token for the scopes; raises what the first asking raised."""
        with self._lock:
            if scopes not in self._kept:
                try:
                    self._kept[scopes] = self._credential.get_token(*scopes)
                except AzureError as error:
                    self._kept[scopes] = error
            found = self._kept[scopes]
        if isinstance(found, Exception):
            raise found
        return found
