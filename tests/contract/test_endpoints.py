"""The contract of Endpoints."""

import pytest

from shared.core.run import Run
from shared.errors import ServiceRefused, ServiceUnavailable
from shared.gateways.azure_ml import AzureEndpoints, AzureTraining
from shared.ports import Endpoints
from tests.contract.azure_ml import AGAIN_AND_AGAIN, eventually
from tests.contract.conftest import Real, new_run
from tests.fakes import FakeEndpoints

pytestmark = pytest.mark.usefixtures("azure_ai_ml")


@pytest.fixture
def endpoints(either) -> Endpoints:
    return either(FakeEndpoints, lambda real: AzureEndpoints(real.settings, real.credential))


def test_an_endpoint_that_never_was_is_gone(endpoints: Endpoints, run: Run):
    assert endpoints.delete(run.endpoint)


def test_an_endpoint_waits_for_its_model(real: Real, run: Run):
    endpoint = AzureEndpoints(real.settings, real.credential).create(run)
    assert endpoint.state == "creating"
    assert "not registered yet" in endpoint.reason


def test_an_endpoint_is_created_once_and_deleted(endpoints: Endpoints, request: pytest.FixtureRequest):
    run = new_run() if isinstance(endpoints, FakeEndpoints) else request.getfixturevalue("trained")
    assert endpoints.create(run).state == "creating"
    assert eventually(lambda: endpoints.create(run).state == "succeeded")
    assert endpoints.create(run).url.startswith("https://")
    endpoints.delete(run.endpoint)
    assert eventually(lambda: endpoints.delete(run.endpoint))


def test_a_creation_that_broke_off_is_repeated_into_one_endpoint_with_content_safety(trained: Run, real: Real):
    endpoints = AzureEndpoints(real.settings, real.credential)
    fault = {"service": "arm", "match": "PUT", "times": AGAIN_AND_AGAIN, "when": "after", "status": 503}
    real.cloud.add_faults(fault)
    with pytest.raises(ServiceUnavailable):
        endpoints.create(trained)
    assert endpoints.create(trained).url
    asked = [call for call in real.cloud.history("arm") if call["method"] == "PUT"]
    assert len(asked) == AGAIN_AND_AGAIN
    assert {call["path"].rsplit("/", 1)[1] for call in asked} == {trained.endpoint}
    assert asked[0]["query"] == "api-version=2024-10-01"
    assert asked[0]["request"]["properties"]["authMode"] == "Key"
    assert asked[0]["request"]["properties"]["contentSafety"] == {"contentSafetyStatus": "Enabled"}
    assert eventually(lambda: endpoints.delete(trained.endpoint))


@pytest.mark.parametrize("status", [400, 409])  # what Azure ML says to a second PUT is not documented
@pytest.mark.parametrize(("when", "created"), [("before", False), ("after", True)])
def test_a_refusal_counts_as_created_only_if_the_endpoint_is_there(
    trained: Run, real: Real, when: str, created: bool, status: int
):
    endpoints = AzureEndpoints(real.settings, real.credential)
    real.cloud.add_faults({"service": "arm", "match": "PUT", "when": when, "status": status})
    if created:
        assert endpoints.create(trained).state == "creating"
    else:
        with pytest.raises(ServiceRefused):
            endpoints.create(trained)
    assert eventually(lambda: endpoints.delete(trained.endpoint))


def test_a_model_is_archived_once_its_endpoint_is_gone(trained: Run, real: Real):
    endpoints = AzureEndpoints(real.settings, real.credential)
    training = AzureTraining(real.settings, real.credential)
    assert eventually(lambda: endpoints.create(trained).state == "succeeded")
    with pytest.raises(ServiceRefused, match="delete the endpoint first"):
        training.archive(trained)
    assert eventually(lambda: endpoints.delete(trained.endpoint))
    training.archive(trained)
    training.archive(trained)
    put = [call for call in real.cloud.history("arm") if call["method"] == "PUT"][-1]
    assert put["path"].endswith(f"/models/{trained.asset}/versions/1")
    assert put["request"]["properties"]["isArchived"] is True


def test_a_model_that_never_was_needs_no_archive(real: Real, run: Run):
    AzureTraining(real.settings, real.credential).archive(run)
