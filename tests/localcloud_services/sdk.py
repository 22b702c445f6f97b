"""The real azure-ai-ml client, pointed at the stand-ins as at a cloud of its own."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from azure.core.pipeline.transport import RequestsTransport
from requests import Session

from localcloud.identity import LocalCredential
from tests.localcloud_services.conftest import GROUP, SUBSCRIPTION, WORKSPACE, Served

CLOUD_VARIABLES = ("AZUREML_CURRENT_CLOUD", "AZUREML_DEV_URL_MFE")
OURS = {"subscription_id": SUBSCRIPTION, "resource_group_name": GROUP, "workspace_name": WORKSPACE}


def own_cloud(here: Served) -> dict[str, Any]:
    arm = here.urls["arm"]
    metadata = {
        "azure_portal": "https://portal.azure.com",
        "resource_manager": arm,
        "active_directory": arm,
        "aml_resource_id": arm,
        "storage_endpoint": "core.windows.net",
        "registry_discovery_endpoint": f"{arm}/",
    }
    return {"cloud": f"Local{arm.rpartition(':')[2]}", "cloud_metadata": metadata}


@contextmanager
def client(here: Served, **options: Any) -> Iterator[Any]:
    """Give a client whose connections are closed at the end: it cannot close them itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its schemas are written for an older marshmallow
        from azure.ai.ml import MLClient
    fixed = {"enable_telemetry": False, "retry_total": 0, "polling_interval": 0.1, "show_progress": False}
    # Where it raises, it keeps the answer and so the connection: better that there is none to keep.
    with (
        Session() as session,
        RequestsTransport(session=session, connection_verify=str(here.cloud.ca_file)) as transport,
    ):
        session.headers["Connection"] = "close"
        yield MLClient(LocalCredential(), **fixed, transport=transport, **options)


@contextmanager
def sdk_variables(**changes: str) -> Iterator[None]:
    """Keep what the SDK writes into the environment from later tests."""
    kept = {name: os.environ.pop(name, None) for name in CLOUD_VARIABLES}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in kept.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
