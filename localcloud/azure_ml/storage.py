"""Where a job's inputs and outputs are, and how they get onto this machine and back."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.storage.blob import BlobServiceClient, ContainerClient

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
    """Write a blob to a local file, or fail the job."""
    container, blob = blob_of(cloud, uri)
    with _container(cloud, container, uri) as blobs:
        _fetch(blobs, blob, target)


def download_folder(cloud: Cloud, uri: str, folder: Path) -> int:
    """Write every blob beneath a path into a local folder, and return how many there were."""
    container, path = blob_of(cloud, uri)
    prefix = path.rstrip("/") + "/"
    folder.mkdir(parents=True, exist_ok=True)
    with _container(cloud, container, uri) as blobs:
        names = [name for name in blobs.list_blob_names(name_starts_with=prefix) if not name.endswith("/")]
        for name in names:
            target = folder / name.removeprefix(prefix)
            if not target.resolve().is_relative_to(folder.resolve()):
                raise JobFailed("UserError", f"{uri}: blob {name!r} would lie outside of its folder")
            _fetch(blobs, name, target)
    return len(names)


def upload_folder(cloud: Cloud, folder: Path, uri: str) -> None:
    """Write every file of a local folder beneath a path."""
    container, path = blob_of(cloud, uri)
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    with _container(cloud, container, uri) as blobs:
        for file in files:
            with file.open("rb") as content:
                name = f"{path.rstrip('/')}/{file.relative_to(folder).as_posix()}"
                blobs.upload_blob(name, content, overwrite=True)


@contextmanager
def _container(cloud: Cloud, name: str, uri: str) -> Iterator[ContainerClient]:
    """Give the client of a container; what its calls raise fails the job."""
    ca, credential = str(cloud.ca_file), LocalCredential()
    with BlobServiceClient(cloud.urls["blob"], credential, connection_verify=ca, retry_total=3) as account:
        try:
            yield account.get_container_client(name)
        except ResourceNotFoundError as error:
            raise JobFailed("UserError", f"{uri} was not found in container {name!r}") from error
        except AzureError as error:
            raise JobFailed("ServiceError", f"{uri} failed: {type(error).__name__}") from error


def _fetch(blobs: ContainerClient, name: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        blobs.download_blob(name).readinto(file)
