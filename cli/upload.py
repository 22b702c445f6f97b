"""Uploads into the container `datasets`: in blocks, so that one that broke off goes on where it stopped."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from azure.core.credentials import TokenCredential
from azure.storage.blob import BlobBlock, BlobClient, BlobServiceClient, ContentSettings

from cli.errors import CommandError
from shared.calling import calling, storage_options
from shared.errors import NotFound, ServiceRefused

SERVICE = "blob storage"
CONTAINER = "datasets"
BLOCK = 4 << 20  # bytes of a block, and in memory at a time
READ_TIMEOUT = 60.0  # seconds for one block
CONTENT_TYPE = "application/x-ndjson"
OTHER_TOOLS_BLOCKS = "InvalidBlobOrBlock"
NOT_ALLOWED = 403


@dataclass(frozen=True)
class Source:
    """What is to be uploaded: its pieces, of BLOCK bytes each but the last, and what their SHA-256 must be."""

    name: str  # for people
    size: int
    pieces: Callable[[], Iterable[bytes]]
    sha256: str


@dataclass(frozen=True)
class Uploaded:
    """A blob that is whole now."""

    path: str
    url: str
    etag: str
    blocks: int
    found: int  # blocks that were there already


class Uploads:
    """The container `datasets`, for somebody who may write into it."""

    def __init__(self, account_url: str, credential: TokenCredential) -> None:
        trust: dict[str, Any] = {}
        if os.environ.get("SSL_CERT_FILE"):
            trust = {"connection_verify": os.environ["SSL_CERT_FILE"]}
        service = BlobServiceClient(
            account_url, credential=credential, **storage_options(SERVICE, READ_TIMEOUT), **trust
        )
        self._container = service.get_container_client(CONTAINER)
        self._account = account_url

    def has(self, path: str) -> bool:
        """Tell whether there is a blob at this path."""
        with self._explained():
            return self._container.get_blob_client(path).exists()

    def put(self, path: str, source: Source, advance: Callable[[int], None]) -> Uploaded:
        """Upload; nothing of it is visible before all of it is. Raises CommandError where the source changed."""
        blob = self._container.get_blob_client(path)
        with self._explained():
            there = _blocks_there(blob)
            ids, digest = [], hashlib.sha256()
            for number, piece in enumerate(source.pieces()):
                digest.update(piece)
                ids.append(block_id(number, piece))
                if ids[-1] not in there:
                    blob.stage_block(ids[-1], piece, validate_content=True)
                advance(len(piece))
            if digest.hexdigest() != source.sha256:
                raise CommandError(
                    f"{source.name} changed since it was checked: nothing of it was dropped. Try again"
                )
            settings = ContentSettings(content_type=CONTENT_TYPE)
            committed = blob.commit_block_list([BlobBlock(each) for each in ids], content_settings=settings)
        found = len(there.intersection(ids))
        return Uploaded(path, blob.url, str(committed["etag"]), len(ids), found)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Say what to do where the account refuses."""
        try:
            with calling(SERVICE):
                yield
        except NotFound as missing:
            raise CommandError(f"{self._account} has no container {CONTAINER} ({missing.reason})") from None
        except ServiceRefused as refusal:
            if refusal.code == OTHER_TOOLS_BLOCKS:
                what = "an upload by another tool broke off there, and its blocks do not go with these"
                fix = "Finish it with that tool, or drop under another name"
                raise CommandError(f"{self._account}: {what}. {fix}") from None
            if refusal.status != NOT_ALLOWED:
                raise
            fix = "Dropping needs the role Storage Blob Data Contributor on the account or the container"
            raise CommandError(f"{self._account} refuses: {refusal.reason}. {fix}") from None


def block_id(number: int, piece: bytes) -> str:
    """Return a block's id: equal for equal content at the same place, and as long as any other's."""
    return f"{number:05d}-{hashlib.sha256(piece).hexdigest()[:40]}"


def _blocks_there(blob: BlobClient) -> set[str]:
    """Return the ids of the blocks that were uploaded before, whether the blob was made whole with them or not."""
    try:
        with calling(SERVICE):
            committed, staged = blob.get_block_list("all")
    except NotFound:
        return set()
    return {block.id for block in (*committed, *staged)}
