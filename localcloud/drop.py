"""Drops a file into the running local cloud, as `az storage blob upload` would on Azure."""

from pathlib import Path

from azure.core.exceptions import AzureError
from azure.storage.blob import BlobClient

from localcloud.errors import LocalCloudError
from localcloud.identity import LocalCredential
from localcloud.root_folder import Root

CONTAINER = "datasets"


def drop(root: Root, file: Path, name: str) -> str:
    """Upload a file into the container of datasets and return the blob's URL; raises LocalCloudError."""
    cloud = root.description()
    if not file.is_file():
        raise LocalCloudError(f"{file} is no file; name a JSONL file such as samples/support.jsonl")
    blob = BlobClient(
        cloud["urls"]["blob"],
        CONTAINER,
        name or file.name,
        credential=LocalCredential(),
        connection_verify=cloud["ca_file"],
    )
    try:
        with blob, file.open("rb") as content:
            blob.upload_blob(content, overwrite=True)
    except AzureError as error:
        raise LocalCloudError(f"the storage took no {file.name}: {error}") from error
    return str(blob.url)
