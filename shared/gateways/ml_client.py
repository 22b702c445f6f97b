"""The client of azure-ai-ml, which takes a second and 100 MB to import: so only on demand."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from azure.core.credentials import TokenCredential

from shared.calling import calling, client_options
from shared.errors import ServiceRefused
from shared.settings import Settings

if TYPE_CHECKING:
    from azure.ai.ml import MLClient

SERVICE = "azure ml"
READ_TIMEOUT = 30.0  # seconds
# MLClient takes the Resource Manager's URL as part of a named cloud only. These are the public cloud's other
# addresses, as in the SDK; none of the calls made here uses them.
PUBLIC_CLOUD = {
    "azure_portal": "https://portal.azure.com/",
    "active_directory": "https://login.microsoftonline.com/",
    "aml_resource_id": "https://ml.azure.com/",
    "storage_endpoint": "core.windows.net",
    "registry_discovery_endpoint": "https://eastus.api.azureml.ms/",
}


def ml_client(settings: Settings, credential: TokenCredential) -> "MLClient":
    """Return the client of the workspace.

    With ARM_URL at its default the cloud described here is the SDK's own default: same hosts, same token scope.
    The cloud is named after its URL, since the SDK keeps the first description of a name for the whole process.
    """
    from azure.ai.ml import MLClient

    _quieten()
    return MLClient(
        credential,
        settings.subscription,
        settings.resource_group,
        settings.workspace,
        cloud=settings.arm_url,
        cloud_metadata={**PUBLIC_CLOUD, "resource_manager": f"{settings.arm_url}/"},
        show_progress=False,
        enable_telemetry=False,
        **client_options(SERVICE, READ_TIMEOUT),
    )


def _quieten() -> None:
    """Take away the handler that the SDK puts on its logger at import: its lines would miss the app's logs."""
    logger = logging.getLogger("azure.ai.ml")
    logger.handlers.clear()
    logger.propagate = True
    logger.setLevel(logging.ERROR)


@contextmanager
def calling_azure_ml() -> Iterator[None]:
    """Run calls of azure-ai-ml; raises TuneDrop's errors only."""
    from azure.ai.ml.exceptions import MlException

    with calling(SERVICE):
        try:
            yield
        except MlException as error:
            # The SDK's own checks, before anything was sent: the same call would fail again.
            raise ServiceRefused(SERVICE, str(error.message)[:300], 400, "ValidationError") from None
