"""The blob containers: `datasets`, where files are dropped and reports laid beside, and `reports`."""

from collections.abc import Iterable, Iterator
from typing import Any

from azure.core import MatchConditions
from azure.core.credentials import TokenCredential
from azure.storage.blob import BlobProperties, BlobServiceClient, ContentSettings

from shared.calling import calling, storage_options
from shared.core.dataset.naming import BESIDE_SUFFIXES, beside
from shared.core.names import bare_etag
from shared.errors import Conflict, NotFound
from shared.ports import Dropped
from shared.settings import Settings

SERVICE = "blob storage"
PIECE = 4 * 1024 * 1024  # bytes per request and in memory at a time
READ_TIMEOUT = 30.0  # seconds for one piece


class BlobStore:
    """Datasets read piece by piece; reports written as a whole or not at all."""

    def __init__(self, settings: Settings, credential: TokenCredential) -> None:
        service = BlobServiceClient(
            settings.blob_url,
            credential=credential,
            max_single_get_size=PIECE,
            max_chunk_get_size=PIECE,
            max_block_size=PIECE,
            **storage_options(SERVICE, READ_TIMEOUT),
        )
        self._datasets = service.get_container_client("datasets")
        self._reports = service.get_container_client("reports")

    def dropped(self) -> Iterator[Dropped]:
        """Yield every `.jsonl` that is there now, validation and held-out files left out."""
        with calling(SERVICE):
            for blob in self._datasets.list_blobs():
                if blob.name.endswith(".jsonl") and not blob.name.endswith(BESIDE_SUFFIXES):
                    yield self._described(blob.name, blob)

    def find(self, path: str) -> Dropped | None:
        """Return the blob that is at this path now, or None."""
        try:
            with calling(SERVICE):
                return self._described(path, self._datasets.get_blob_client(path).get_blob_properties())
        except NotFound:
            return None

    def _described(self, path: str, blob: BlobProperties) -> Dropped:
        url = self._datasets.get_blob_client(path).url
        return Dropped(path, bare_etag(blob.etag), url, blob.last_modified, blob.size)

    def chunks(self, path: str, etag: str | None = None) -> Iterator[bytes]:
        """Yield the blob's bytes piece by piece; raises NotFound, also when its ETag changed (code "Changed").

        Every piece is asked for with If-Match, so all are of one version, even without a given ETag.
        """
        pinned: dict[str, Any] = {}
        if etag is not None:
            pinned = {"etag": f'"{bare_etag(etag)}"', "match_condition": MatchConditions.IfNotModified}
        try:
            with calling(SERVICE):
                blob = self._datasets.get_blob_client(path)
                yield from blob.download_blob(max_concurrency=1, **pinned).chunks()
        except Conflict:
            raise NotFound(SERVICE, f"{path} was replaced by a newer upload", code="Changed") from None

    def read(self, path: str) -> bytes | None:
        """Return what was written into `reports` at this path, or None."""
        try:
            with calling(SERVICE):
                return self._reports.get_blob_client(path).download_blob(max_concurrency=1).readall()
        except NotFound:
            return None

    def write(self, path: str, pieces: Iterable[bytes], content_type: str) -> None:
        """Write a blob into `reports`, replacing it; nothing half-written is ever visible.

        The length is not known, so the SDK stages blocks and commits them all at once.
        """
        with calling(SERVICE):
            self._reports.get_blob_client(path).upload_blob(
                iter(pieces),
                overwrite=True,
                max_concurrency=1,
                content_settings=ContentSettings(content_type=content_type),
            )

    def write_beside(self, dataset: str, suffix: str, content: bytes, content_type: str) -> None:
        """Write a blob into `datasets` beside a dataset; raises ValueError where it could be taken for one."""
        blob = self._datasets.get_blob_client(beside(dataset, suffix))
        with calling(SERVICE):
            blob.upload_blob(content, overwrite=True, content_settings=ContentSettings(content_type=content_type))
