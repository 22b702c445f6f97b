"""Uploads in blocks, against the storage emulator: whole or not at all, and an interrupted one goes on."""

import hashlib
from collections.abc import Callable

import pytest
from azure.storage.blob import BlobServiceClient

from cli.errors import CommandError
from cli.upload import Source, Uploads, block_id
from shared.core import names
from tests.contract.conftest import Real

PIECES = [b'{"a": 1}\n' * 1000, b'{"b": 2}\n' * 1000, b'{"c": 3}\n']
WHOLE = b"".join(PIECES)


def source(pieces: list[bytes] = PIECES, sha256: str = hashlib.sha256(WHOLE).hexdigest()) -> Source:
    return Source("here.jsonl", sum(map(len, pieces)), lambda: pieces, sha256)


def nothing(_size: int) -> None:
    """What is told of bytes and does not listen."""


class Interrupted(Exception):
    """The person pressed a key, or the machine went to sleep."""


def breaking_after(blocks: int) -> Callable[[int], None]:
    sizes: list[int] = []

    def advance(size: int) -> None:
        sizes.append(size)
        if len(sizes) == blocks:
            raise Interrupted

    return advance


@pytest.fixture
def uploads(real: Real) -> Uploads:
    return Uploads(real.settings.blob_url, real.credential)


@pytest.fixture
def path(run) -> str:
    return f"uploads/{run.id} ü.jsonl"


def content(real: Real, path: str) -> bytes | None:
    blob = BlobServiceClient(real.settings.blob_url, real.credential).get_blob_client("datasets", path)
    return blob.download_blob().readall() if blob.exists() else None


def test_an_upload_comes_whole_with_its_etag(real, uploads, path):
    sizes: list[int] = []
    uploaded = uploads.put(path, source(), sizes.append)
    blob = BlobServiceClient(real.settings.blob_url, real.credential).get_blob_client("datasets", path)
    properties = blob.get_blob_properties()
    assert content(real, path) == WHOLE
    assert properties.content_settings.content_type == "application/x-ndjson"
    assert names.run_id(uploaded.url, uploaded.etag) == names.run_id(blob.url, properties.etag)
    assert (uploaded.blocks, uploaded.found, sizes) == (3, 0, [len(piece) for piece in PIECES])


@pytest.mark.parametrize("blocks", [1, 2, 3])
def test_an_upload_that_broke_off_shows_nothing_and_goes_on_where_it_stopped(real, uploads, path, blocks):
    with pytest.raises(Interrupted):
        uploads.put(path, source(), breaking_after(blocks))
    assert not uploads.has(path)
    uploaded = uploads.put(path, source(), nothing)
    assert (uploaded.blocks, uploaded.found) == (3, blocks)
    assert content(real, path) == WHOLE


def test_a_changed_file_is_not_taken_for_the_rest_of_the_interrupted_one(real, uploads, path):
    changed = [PIECES[0], b"other\n", PIECES[2]]
    with pytest.raises(Interrupted):
        uploads.put(path, source(), breaking_after(2))
    uploaded = uploads.put(path, source(changed, hashlib.sha256(b"".join(changed)).hexdigest()), nothing)
    assert uploaded.found == 1
    assert content(real, path) == b"".join(changed)


def test_dropping_the_same_again_sends_no_block_and_is_a_new_drop(real, uploads, path):
    first = uploads.put(path, source(), nothing)
    second = uploads.put(path, source(), nothing)
    assert (second.found, second.etag == first.etag) == (3, False)
    assert content(real, path) == WHOLE


def test_a_file_that_changed_since_its_check_is_not_dropped(uploads, path):
    with pytest.raises(CommandError, match="changed since it was checked"):
        uploads.put(path, source(sha256="0" * 64), nothing)
    assert not uploads.has(path)


def test_blocks_of_another_tool_are_explained(real, uploads, path):
    blob = BlobServiceClient(real.settings.blob_url, real.credential).get_blob_client("datasets", path)
    blob.stage_block("short", b"x")
    with pytest.raises(CommandError, match="upload by another tool broke off"):
        uploads.put(path, source(), nothing)


@pytest.mark.parametrize(("left", "right"), [(0, 0), (0, 1), (7, 49_999)])
def test_ids_of_blocks_are_equally_long_and_tell_place_and_content(left, right):
    assert len(block_id(left, b"a")) == len(block_id(right, b"b")) <= 64
    assert (block_id(left, b"a") == block_id(right, b"a")) == (left == right)
    assert block_id(left, b"a") != block_id(left, b"b")
