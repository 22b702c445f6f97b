"""One local cloud for all end-to-end tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cloud import running_cloud
from tests.e2e.client import Person

SAMPLE = Path("samples/support.jsonl")


@pytest.fixture(scope="session")
def person() -> Iterator[Person]:
    with running_cloud() as cloud:
        yield Person(cloud)
