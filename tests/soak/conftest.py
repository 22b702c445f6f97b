"""One local cloud for all of these tests, whose jobs are over in a second; `make soak` asks for the long forms."""

from collections.abc import Iterator

import pytest

from tests.cloud import running_cloud
from tests.e2e.client import Person
from tests.soak.many import PatientPerson

JOB_SECONDS = 1


@pytest.fixture(scope="session")
def instant() -> Iterator[Person]:
    with running_cloud() as cloud:
        cloud.train_instantly(JOB_SECONDS)
        yield PatientPerson(cloud)


@pytest.fixture
def person(instant: Person) -> Iterator[Person]:
    instant.cloud.reset()
    yield instant
    instant.cloud.reset()
