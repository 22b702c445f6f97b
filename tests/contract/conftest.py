"""Each contract holds twice: for the fake, and for the gateway over the real SDK against the local cloud."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from azure.core.credentials import TokenCredential

from shared.core.run import Run
from shared.settings import Settings, read_settings
from tests.cloud import RunningCloud, running_cloud
from tests.contract.examples import RUN

BOTH = ["fake", "local cloud"]


@pytest.fixture(scope="session")
def cloud() -> Iterator[RunningCloud]:
    """A calm local cloud without a Functions host; its settings are this process's environment."""
    with running_cloud(host=False) as running, pytest.MonkeyPatch.context() as patch:
        for name, value in running.settings.items():
            patch.setenv(name, value)
        yield running


@pytest.fixture(scope="session")
def settings(cloud: RunningCloud) -> Settings:
    return read_settings(cloud.settings)


@pytest.fixture(scope="session")
def credential(cloud: RunningCloud) -> Iterator[TokenCredential]:
    from shared.gateways.identity import credential

    credential.cache_clear()
    yield credential()
    credential.cache_clear()


@dataclass(frozen=True)
class Real:
    """What a test of the real thing needs; made only where one asks for it."""

    cloud: RunningCloud
    settings: Settings
    credential: TokenCredential


@pytest.fixture
def real(cloud: RunningCloud, settings: Settings, credential: TokenCredential) -> Iterator[Real]:
    yield Real(cloud, settings, credential)
    cloud.reset()


@pytest.fixture(params=BOTH)
def either(request: pytest.FixtureRequest) -> Callable[[Callable[[], Any], Callable[[Real], Any]], Any]:
    """Make the fake, or the gateway over the local cloud."""

    def make(fake: Callable[[], Any], gateway: Callable[[Real], Any]) -> Any:
        return fake() if request.param == "fake" else gateway(request.getfixturevalue("real"))

    return make


@pytest.fixture
def run() -> Run:
    """A run that no other test knows: the cloud's tables are shared by all of them."""
    return replace(RUN, id="r" + secrets.token_hex(10))
