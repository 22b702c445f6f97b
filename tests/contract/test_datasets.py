"""The contract of Datasets."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import pytest

from shared.core.run import Run
from shared.errors import NotFound
from shared.gateways.blob_store import PIECE, BlobStore
from shared.ports import Datasets
from tests.fakes import FakeDatasets


@dataclass(frozen=True)
class Store:
    """Datasets, and what people and Azure ML do with the containers."""

    datasets: Datasets
    upload: Callable[[str, bytes], str]  # into `datasets`; returns the ETag
    written: Callable[[str], tuple[bytes, str] | None]  # content and content type in `reports`
    lying: Callable[[str], tuple[bytes, str] | None]  # content and content type of what we wrote into `datasets`


@pytest.fixture
def store(either) -> Store:
    def fake() -> Store:
        datasets = FakeDatasets()
        written, beside = datasets.written.get, datasets.beside.get
        return Store(datasets, lambda path, content: datasets.drop(path, content).etag, written, beside)

    def gateway(real) -> Store:
        from azure.core.exceptions import ResourceNotFoundError
        from azure.storage.blob import BlobServiceClient

        service = BlobServiceClient(real.settings.blob_url, credential=real.credential)

        def upload(path: str, content: bytes) -> str:
            return service.get_blob_client("datasets", path).upload_blob(content, overwrite=True)["etag"]

        def there(container: str, path: str) -> tuple[bytes, str] | None:
            try:
                blob = service.get_blob_client(container, path).download_blob()
            except ResourceNotFoundError:
                return None
            return blob.readall(), blob.properties.content_settings.content_type

        written, lying = partial(there, "reports"), partial(there, "datasets")
        return Store(BlobStore(real.settings, real.credential), upload, written, lying)

    return either(fake, gateway)


@pytest.mark.parametrize("name", ["support.jsonl", "Über uns/50 % + más.jsonl", "a'b#c.jsonl"])
def test_an_upload_is_found_and_described(store: Store, run: Run, name: str):
    path = f"{run.id}/{name}"
    etag = store.upload(path, b"12345")
    found = store.datasets.find(path)
    assert (found.path, found.etag, found.size) == (path, etag.strip('"'), 5)
    assert found.modified.tzinfo is not None
    assert [dropped for dropped in store.datasets.dropped() if dropped.path == path] == [found]
    assert b"".join(store.datasets.chunks(path, found.etag)) == b"12345"


@pytest.mark.parametrize(
    ("name", "is_dataset"),
    [
        ("a.jsonl", True),
        ("a.validation.jsonl", False),
        ("a.held-out.jsonl", False),
        ("a.yaml", False),
        ("a.jsonl.txt", False),
        ("a.JSONL", False),
    ],
)
def test_datasets_are_told_from_what_lies_beside_them(store: Store, run: Run, name: str, is_dataset: bool):
    path = f"{run.id}/{name}"
    store.upload(path, b"{}")
    assert (path in [dropped.path for dropped in store.datasets.dropped()]) == is_dataset


@pytest.mark.parametrize("size", [0, 1, PIECE, PIECE + 1, 2 * PIECE + 17])
def test_every_byte_comes_in_bounded_pieces(store: Store, run: Run, size: int):
    content = bytes(range(256)) * (size // 256 + 1)
    store.upload(f"{run.id}.jsonl", content[:size])
    pieces = list(store.datasets.chunks(f"{run.id}.jsonl"))
    assert b"".join(pieces) == content[:size]
    assert max(map(len, pieces), default=0) <= PIECE


def test_what_is_not_there_is_not_found(store: Store, run: Run):
    assert store.datasets.find(f"{run.id}.jsonl") is None
    with pytest.raises(NotFound) as caught:
        list(store.datasets.chunks(f"{run.id}.jsonl"))
    assert caught.value.code != "Changed"


@pytest.mark.parametrize("quote", ["{}", '"{}"'], ids=["bare", "quoted"])
def test_a_replaced_upload_is_told_as_changed(store: Store, run: Run, quote: str):
    path = f"{run.id}.jsonl"
    first = store.upload(path, b"old").strip('"')
    assert list(store.datasets.chunks(path, quote.format(first))) == [b"old"]
    store.upload(path, b"new")
    with pytest.raises(NotFound) as caught:
        list(store.datasets.chunks(path, quote.format(first)))
    assert caught.value.code == "Changed"


@pytest.mark.parametrize("pinned", [True, False])
def test_pieces_of_two_versions_are_never_mixed(store: Store, run: Run, pinned: bool):
    path = f"{run.id}.jsonl"
    etag = store.upload(path, b"a" * (2 * PIECE))
    pieces = store.datasets.chunks(path, etag if pinned else None)
    assert set(next(pieces)) == set(b"a")
    store.upload(path, b"b" * (2 * PIECE))
    with pytest.raises(NotFound) as caught:
        list(pieces)
    assert caught.value.code == "Changed"


def test_a_report_is_written_and_replaced(store: Store, run: Run):
    path = f"{run.id}/report.json"
    store.datasets.write(path, [b'{"a"', b": 1}"], "application/json")
    assert store.written(path) == (b'{"a": 1}', "application/json")
    store.datasets.write(path, [], "text/plain")
    assert store.written(path) == (b"", "text/plain")


def test_what_was_written_is_read_as_it_is_now(store: Store, run: Run):
    path = f"{run.id}/screening.json"
    assert store.datasets.read(path) is None
    for content in (b"first", b"", b"x" * (PIECE + 1)):
        store.datasets.write(path, [content], "application/json")
        assert store.datasets.read(path) == content


def test_a_large_report_arrives_whole(store: Store, run: Run):
    piece = bytes(range(256)) * 4096  # 1 MiB
    store.datasets.write(f"{run.id}/training.jsonl", (piece for _ in range(9)), "application/x-ndjson")
    assert store.written(f"{run.id}/training.jsonl") == (piece * 9, "application/x-ndjson")


def test_a_writing_that_breaks_off_leaves_nothing(store: Store, run: Run):
    def breaking() -> Iterator[bytes]:
        yield b"x" * (PIECE + 1)
        raise RuntimeError("the dataset was replaced")

    with pytest.raises(RuntimeError):
        store.datasets.write(f"{run.id}/training.jsonl", breaking(), "application/x-ndjson")
    assert store.written(f"{run.id}/training.jsonl") is None


@pytest.mark.parametrize("folder", ["", "support/"])
def test_a_report_lies_beside_its_dataset_and_is_none(store: Store, run: Run, folder: str):
    path = f"{folder}{run.id}.jsonl"
    etag = store.upload(path, b"{}").strip('"')
    for content in (b"first", b"second"):
        store.datasets.write_beside(path, ".report.html", content, "text/html; charset=utf-8")
    lying = f"{folder}{run.id}.report.html"
    assert store.lying(lying) == (b"second", "text/html; charset=utf-8")
    assert lying not in [dropped.path for dropped in store.datasets.dropped()]
    assert b"".join(store.datasets.chunks(path, etag)) == b"{}"


@pytest.mark.parametrize("suffix", [".jsonl", ".validation.jsonl", ".yaml", ""])
def test_nothing_is_laid_beside_a_dataset_that_could_start_or_change_a_run(store: Store, run: Run, suffix: str):
    with pytest.raises(ValueError, match="not laid beside"):
        store.datasets.write_beside(f"{run.id}.jsonl", suffix, b"{}", "text/plain")
    assert store.datasets.find(f"{run.id}{suffix}") is None
