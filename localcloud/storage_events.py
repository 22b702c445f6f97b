"""Storage events: Azurite raises none, so a watch lists the container and tells of what is new."""

import asyncio
import itertools
import logging
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from urllib.parse import quote

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.storage.blob import BlobProperties
from azure.storage.blob.aio import ContainerClient

from localcloud.event_subscriptions import STORAGE_TOPIC, Event
from localcloud.identity import AsyncLocalCredential

CONTAINER = "datasets"
PAUSE = 0.3  # seconds between two looks; two writes of one blob within it are seen as one
TOPIC_ID = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-local"
    "/providers/Microsoft.Storage/storageAccounts/devstoreaccount1"
)
logger = logging.getLogger(__name__)


class StorageWatch:
    """Watches one container of Azurite and publishes a BlobCreated event for each new or changed blob."""

    def __init__(self, blob_url: str, ca_file: str, publish: Callable[[str, Sequence[Event]], None]) -> None:
        self._url, self._publish = blob_url, publish
        self._container = ContainerClient(blob_url, CONTAINER, AsyncLocalCredential(), connection_verify=ca_file)
        self._seen: dict[str, str] = {}
        self._sequence = itertools.count(1)

    async def begin(self) -> None:
        """Take what is there already as old: its events were raised when it came."""
        self._seen = {blob.name: blob.etag async for blob in self._container.list_blobs()}

    async def run(self) -> None:
        """Look again and again until cancelled; a storage that fails to answer is asked again."""
        loop, pause = asyncio.get_running_loop(), PAUSE
        while True:
            await asyncio.sleep(pause)
            begun = loop.time()
            try:
                await self.look()
            except AzureError as error:
                logger.warning("the storage did not answer the watch: %s", error)
            # Many blobs take long to list: no more than a quarter of the time goes into that.
            pause = max(PAUSE, 3 * (loop.time() - begun))

    async def look(self) -> None:
        """Publish an event for each blob that is new or has another ETag than at the last look."""
        listed = [blob async for blob in self._container.list_blobs(include=["copy"])]
        changed = [blob for blob in listed if self._seen.get(blob.name) != blob.etag]
        for blob in sorted(changed, key=lambda one: (one.last_modified, one.name)):
            self._publish(
                STORAGE_TOPIC, [blob_created(self._url, blob, await self._api(blob), next(self._sequence))]
            )
        self._seen = {blob.name: blob.etag for blob in listed}

    async def close(self) -> None:
        """Release the connections."""
        await self._container.close()

    async def _api(self, blob: BlobProperties) -> str:
        """Return which call made the blob, as far as the blob itself shows."""
        if blob.copy is not None and blob.copy.id:
            return "CopyBlob"
        try:
            committed, _uncommitted = await self._container.get_blob_client(blob.name).get_block_list("committed")
        except ResourceNotFoundError:  # already deleted again; Event Grid tells of it all the same
            return "PutBlob"
        return "PutBlockList" if committed else "PutBlob"


def blob_created(blob_url: str, blob: BlobProperties, api: str, sequence: int) -> Event:
    """Return the BlobCreated event of one write, as a storage account raises it."""
    request = str(uuid.uuid4())
    return {
        "topic": TOPIC_ID,
        "subject": f"/blobServices/default/containers/{CONTAINER}/blobs/{blob.name}",
        "eventType": "Microsoft.Storage.BlobCreated",
        "id": str(uuid.uuid4()),
        "eventTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z",
        "data": {
            "api": api,
            "clientRequestId": str(uuid.uuid4()),
            "requestId": request,
            "eTag": blob.etag.strip('"'),
            "contentType": blob.content_settings.content_type,
            "contentLength": blob.size,
            "blobType": "BlockBlob",
            "url": f"{blob_url}/{CONTAINER}/{quote(blob.name)}",
            "sequencer": f"{sequence:032X}",
            "storageDiagnostics": {"batchId": str(uuid.uuid4())},
        },
        "dataVersion": "",
        "metadataVersion": "1",
    }
