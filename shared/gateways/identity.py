"""The app's identity: on Azure the managed one, on a laptop whatever DefaultAzureCredential finds."""

from functools import cache

from azure.core.credentials import TokenCredential

from shared.calling import CONNECTION_TIMEOUT, READ_TIMEOUT, RETRIES


@cache
def credential() -> TokenCredential:
    """Return the one credential of this process; it caches tokens, so everybody shares it."""
    from azure.identity import DefaultAzureCredential

    return DefaultAzureCredential(
        retry_total=RETRIES, connection_timeout=CONNECTION_TIMEOUT, read_timeout=READ_TIMEOUT
    )
