"""One local cloud for all end-to-end tests, with one model that is trained and served."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cloud import running_cloud
from tests.e2e.client import Person

SAMPLE = Path("samples/support.jsonl")


@pytest.fixture(scope="session")
def person() -> Iterator[Person]:
    with running_cloud() as cloud:
        yield Person(cloud)


@pytest.fixture(scope="session")
def served(person: Person) -> dict[str, Any]:
    """The run of the sample, once it serves."""
    person.drop("support.jsonl", SAMPLE.read_bytes())
    run = person.ended_run("support.jsonl")
    assert run["state"] == "serving", run
    return run
