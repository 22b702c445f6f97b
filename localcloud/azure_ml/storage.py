"""Where a job's inputs are, and how they get onto this machine."""

import re
from pathlib import Path
from urllib.parse import unquote

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.storage.blob import BlobServiceClient

from localcloud.azure_ml.workspace import DATASTORES
from localcloud.frame import Cloud
from localcloud.identity import LocalCredential

# The short form, and the long one with the workspace's ARM path in between.
DATASTORE_PATH = re.compile(r"azureml://(?:subscriptions/.+/workspaces/[^/]+/)?datastores/([^/]+)/paths/(.+)")


class JobFailed(Exception):
    """A job that ended badly, with the code and message of its run history."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def blob_of(cloud: Cloud, uri: str) -> tuple[str, str]:
    """Return container and blob of an input, or fail the job."""
    path = DATASTORE_PATH.fullmatch(uri)
    if path:
        container = DATASTORES.get(path[1])
        if container is None:
            raise JobFailed("UserError", f"the workspace has no datastore {path[1]!r} ({uri})")
        return container, path[2]
    prefix = cloud.urls["blob"] + "/"
    container, _, blob = unquote(uri.removeprefix(prefix)).partition("/")
    if not uri.startswith(prefix) or not blob:
        raise JobFailed("UserError", f"{uri!r} is neither a path of a datastore nor a blob of the local cloud")
    return container, blob


def download(cloud: Cloud, uri: str, target: Path) -> None:
    """Write an input to a local file, or fail the job; only .jsonl files are taken, as in Azure's data import."""
    container, blob = blob_of(cloud, uri)
    if not blob.endswith(".jsonl"):
        raise JobFailed("UserError", f"{uri}: only files that end in .jsonl can be trained on")
    target.parent.mkdir(parents=True, exist_ok=True)
    ca, credential = str(cloud.ca_file), LocalCredential()
    with BlobServiceClient(cloud.urls["blob"], credential, connection_verify=ca, retry_total=3) as account:
        try:
            with target.open("wb") as file:
                account.get_blob_client(container, blob).download_blob().readinto(file)
        except ResourceNotFoundError as error:
            raise JobFailed("UserError", f"{uri} was not found in container {container!r}") from error
        except AzureError as error:
            raise JobFailed("ServiceError", f"{uri} could not be read: {type(error).__name__}") from error
