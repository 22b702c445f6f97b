"""Uploads many small datasets at once, and looks into the run table at how far their runs are."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from azure.data.tables import TableClient
from azure.storage.blob import ContainerClient

from localcloud.identity import LocalCredential
from tests.cloud import RunningCloud

FINAL = frozenset({"serving", "rejected", "failed", "canceled", "deleted"})
UPLOADS = 16  # at the same time
EXAMPLES = 12  # of each dataset: a few more than the least that is taken


@dataclass(frozen=True)
class Storage:
    """The storage account of a local cloud; `name` begins the names of the datasets that are dropped here."""

    name: str
    datasets: ContainerClient
    runs: TableClient

    def drop(self, count: int) -> None:
        """Upload so many datasets, each for a model of its own."""
        with ThreadPoolExecutor(UPLOADS) as pool:
            list(pool.map(self._upload, range(count)))

    def states(self) -> Counter[str]:
        """Return how many of the datasets' runs are in each state."""
        rows = self.runs.query_entities("RowKey eq 'run'", select=["state", "dataset"])
        return Counter(row["state"] for row in rows if row["dataset"].startswith(f"{self.name}-"))

    def _upload(self, number: int) -> None:
        content = "".join(_example(self.name, number, each) for each in range(EXAMPLES))
        self.datasets.upload_blob(f"{self.name}-{number:05}.jsonl", content.encode())


def _example(name: str, number: int, each: int) -> str:
    return (
        f'{{"messages": [{{"role": "user", "content": "What is {number} times {each}, {name}?"}}, '
        f'{{"role": "assistant", "content": "It is {number * each}."}}]}}\n'
    )


@contextmanager
def storage_of(cloud: RunningCloud, name: str) -> Iterator[Storage]:
    """Connect to the storage account of a local cloud."""
    trust, credential = str(cloud.ca_file), LocalCredential()
    blob, table = cloud.urls["blob"], cloud.urls["table"]
    with (
        ContainerClient(blob, "datasets", credential, connection_verify=trust) as datasets,
        TableClient(table, "runs", credential=credential, connection_verify=trust) as runs,
    ):
        yield Storage(name, datasets, runs)
