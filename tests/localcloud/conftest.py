import os
from collections.abc import Iterator

import pytest

from tests.cloud import RunningCloud, running_cloud

SMALL_APP = "tests.localcloud.apps.small_app"


@pytest.fixture(scope="session")
def small_cloud() -> Iterator[RunningCloud]:
    """A calm local cloud that runs the small app."""
    with running_cloud(app=SMALL_APP) as cloud:
        yield cloud


@pytest.fixture
def cloud(small_cloud: RunningCloud, monkeypatch: pytest.MonkeyPatch) -> RunningCloud:
    """The running cloud, its settings in this process's environment, its history and inbox empty."""
    for name in [name for name in os.environ if name.startswith(("AZURE_", "IDENTITY_"))]:
        monkeypatch.delenv(name)
    for name, value in small_cloud.settings.items():
        monkeypatch.setenv(name, value)
    small_cloud.reset()
    return small_cloud
