"""Each contract holds twice: for the fake, and for the gateway over the real SDK against the local cloud."""

import secrets
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pytest
from azure.core.credentials import TokenCredential

from shared.core.base_models import Route
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


@pytest.fixture(scope="session")
def azure_ai_ml() -> None:
    """Import azure-ai-ml 1.35 with warnings off: it defines schemas in ways that marshmallow calls outdated."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import azure.ai.ml.entities  # noqa: F401 - so that the tests' own import finds it


@pytest.fixture(scope="session")
def whole_cloud(cloud: RunningCloud, settings: Settings, credential: TokenCredential) -> Real:
    return Real(cloud, settings, credential)


@pytest.fixture
def real(whole_cloud: Real) -> Real:
    """The local cloud with an empty history, no faults and no messages."""
    whole_cloud.cloud.reset()
    return whole_cloud


@pytest.fixture(params=BOTH)
def either(request: pytest.FixtureRequest) -> Callable[[Callable[[], Any], Callable[[Real], Any]], Any]:
    """Make the fake, or the gateway over the local cloud."""

    def make(fake: Callable[[], Any], gateway: Callable[[Real], Any]) -> Any:
        return fake() if request.param == "fake" else gateway(request.getfixturevalue("real"))

    return make


def new_run() -> Run:
    return replace(RUN, id="r" + secrets.token_hex(10))


@pytest.fixture
def run() -> Run:
    """A run that no other test knows: the cloud's tables are shared by all of them."""
    return new_run()


@pytest.fixture(scope="session")
def trained_for(whole_cloud: Real, azure_ai_ml: None) -> Callable[[Route], Run]:
    """Return a run of this route whose model is registered in the local cloud; it really trained, once."""
    from shared.gateways.azure_ml import ENDS
    from tests.contract.azure_ml import eventually, going, training_of, write_split

    @cache
    def train(route: Route) -> Run:
        run = going(new_run(), route)
        write_split(whole_cloud, run)
        training = training_of(whole_cloud, route)
        training.submit(run)
        assert eventually(lambda: training.job(run).status in ENDS)
        assert training.job(run).status == "Completed", training.job(run).reason
        return run

    return train


@pytest.fixture
def trained(trained_for: Callable[[Route], Run], route: Route) -> Run:
    """A run of the test's route whose model is registered."""
    return trained_for(route)
