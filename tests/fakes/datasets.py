"""The blob containers, in memory."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from shared.core.dataset.naming import BESIDE_SUFFIXES, beside
from shared.core.names import bare_etag
from shared.errors import NotFound
from shared.ports import Dropped
from tests.fakes.faulty import Faulty


@dataclass(frozen=True)
class Blob:
    """One blob of the fake: what it holds and how it is described."""

    content: bytes
    dropped: Dropped


class FakeDatasets(Faulty):
    """The containers in memory; `drop` uploads a dataset, `written` and `beside` show what we wrote, by path."""

    def __init__(self, account: str = "https://st.blob.core.windows.net", piece: int = 64 * 1024) -> None:
        super().__init__()
        self.written: dict[str, tuple[bytes, str]] = {}
        self.beside: dict[str, tuple[bytes, str]] = {}
        self._account, self._piece, self._count = account, piece, 0
        self._blobs: dict[str, Blob] = {}

    def drop(self, path: str, content: bytes, modified: datetime | None = None) -> Dropped:
        """Upload a blob, replacing what is there; return how it is described."""
        self._count += 1
        url = f"{self._account}/datasets/{path}"
        when = modified or datetime.now(UTC)
        dropped = Dropped(path, f"0x8DC{self._count:012X}", url, when, len(content))
        self._blobs[path] = Blob(content, dropped)
        return dropped

    def dropped(self) -> Iterator[Dropped]:
        with self._call("dropped"):
            for path in sorted(self._blobs):
                if path.endswith(".jsonl") and not path.endswith(BESIDE_SUFFIXES):
                    yield self._blobs[path].dropped

    def chunks(self, path: str, etag: str | None = None) -> Iterator[bytes]:
        with self._call("chunks"):
            blob = self._blobs.get(path)
            if blob is None:
                raise NotFound("blob storage", f"there is no blob {path}")
            if etag is not None and bare_etag(etag) != blob.dropped.etag:
                raise NotFound("blob storage", f"{path} was overwritten", code="Changed")
            for start in range(0, len(blob.content), self._piece):
                if self._blobs.get(path) is not blob:
                    raise NotFound("blob storage", f"{path} was replaced", code="Changed")
                yield blob.content[start : start + self._piece]

    def read(self, path: str) -> bytes | None:
        with self._call("read"):
            return self.written[path][0] if path in self.written else None

    def find(self, path: str) -> Dropped | None:
        with self._call("find"):
            return self._blobs[path].dropped if path in self._blobs else None

    def write(self, path: str, pieces: Iterable[bytes], content_type: str) -> None:
        with self._call("write"):
            self.written[path] = (b"".join(pieces), content_type)

    def write_beside(self, dataset: str, suffix: str, content: bytes, content_type: str) -> None:
        path = beside(dataset, suffix)
        with self._call("write_beside"):
            self.drop(path, content)
            self.beside[path] = (content, content_type)
