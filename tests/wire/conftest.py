"""What tests of the gateways share."""

import pytest

from tests.wire.scripted import connected


@pytest.fixture
async def world():
    async with connected() as world:
        yield world
