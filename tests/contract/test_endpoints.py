"""The contract of Endpoints."""

from dataclasses import replace

import pytest

from shared.core.base_models import Route
from shared.core.run import Run
from shared.errors import ServiceRefused, ServiceUnavailable
from shared.gateways.managed_endpoints import ManagedEndpoints
from shared.ports import Endpoints
from tests.contract.azure_ml import (
    AGAIN_AND_AGAIN,
    OUTDATED,
    ROUTES,
    endpoints_of,
    eventually,
    going,
    is_gone,
    put_of,
    puts,
    training_of,
)
from tests.contract.conftest import Real, new_run
from tests.fakes import FakeEndpoints

pytestmark = [pytest.mark.usefixtures("azure_ai_ml"), pytest.mark.filterwarnings(OUTDATED)]
KINDS = {Route.SERVERLESS: "serverlessEndpoints", Route.MANAGED: "onlineEndpoints"}


@pytest.fixture(params=ROUTES)
def route(request: pytest.FixtureRequest) -> Route:
    return request.param


@pytest.fixture
def run(route: Route) -> Run:
    return going(new_run(), route)


@pytest.fixture
def endpoints(either, route: Route) -> Endpoints:
    return either(FakeEndpoints, lambda real: endpoints_of(real, route))


def test_an_endpoint_that_never_was_is_gone(endpoints: Endpoints, run: Run):
    assert endpoints.delete(run.endpoint)


def test_an_endpoint_waits_for_its_model(real: Real, run: Run, route: Route):
    endpoint = endpoints_of(real, route).create(run)
    assert endpoint.state == "creating"
    assert "not registered yet" in endpoint.reason


def test_an_endpoint_is_created_once_and_deleted(endpoints: Endpoints, run: Run, request: pytest.FixtureRequest):
    run = run if isinstance(endpoints, FakeEndpoints) else request.getfixturevalue("trained")
    assert endpoints.create(run).state == "creating"
    assert eventually(lambda: endpoints.create(run).state == "succeeded")
    assert endpoints.create(run).url.startswith("https://")
    endpoints.delete(run.endpoint)
    assert eventually(lambda: is_gone(endpoints, run.endpoint))


def test_a_creation_that_broke_off_is_repeated_into_one_endpoint(trained: Run, real: Real, route: Route):
    endpoints = endpoints_of(real, route)
    put = {"service": "arm", "match": put_of(real, KINDS[route])}
    real.cloud.add_faults({**put, "times": AGAIN_AND_AGAIN, "when": "after", "status": 503})
    with pytest.raises(ServiceUnavailable):
        endpoints.create(trained)
    assert eventually(lambda: endpoints.create(trained).url != "")
    asked = [call for call in puts(real, KINDS[route]) if call["path"].endswith(f"/{trained.endpoint}")]
    traffic = 1 if route is Route.MANAGED else 0  # is set once the deployment is there
    assert len(asked) == AGAIN_AND_AGAIN + traffic
    assert asked[0]["query"] == "api-version=2024-10-01"
    assert asked[0]["request"]["properties"]["authMode"] == "Key"
    assert eventually(lambda: is_gone(endpoints, trained.endpoint))


@pytest.mark.parametrize("route", [Route.SERVERLESS])
def test_a_serverless_endpoint_has_content_safety(trained: Run, real: Real, route: Route):
    endpoints = endpoints_of(real, route)
    endpoints.create(trained)
    (asked,) = puts(real, KINDS[route])
    assert asked["request"]["properties"]["contentSafety"] == {"contentSafetyStatus": "Enabled"}
    assert eventually(lambda: is_gone(endpoints, trained.endpoint))


@pytest.mark.parametrize("route", [Route.MANAGED])
def test_a_deployment_that_broke_off_is_repeated_into_one(trained: Run, real: Real, route: Route):
    endpoints = endpoints_of(real, route)
    deployment = f"{put_of(real, KINDS[route])}{trained.endpoint}/deployments/"
    real.cloud.add_faults(
        {"service": "arm", "match": deployment, "times": AGAIN_AND_AGAIN, "when": "after", "status": 503}
    )
    with pytest.raises(ServiceUnavailable):
        eventually(lambda: endpoints.create(trained).state == "succeeded")
    assert eventually(lambda: endpoints.create(trained).state == "succeeded")
    made = [call for call in puts(real, KINDS[route]) if "/deployments/" in call["path"]]
    assert len(made) == AGAIN_AND_AGAIN
    assert eventually(lambda: is_gone(endpoints, trained.endpoint))


@pytest.mark.parametrize("route", [Route.MANAGED])
def test_a_deployment_that_fails_says_why(trained: Run, real: Real):
    settings = replace(real.settings, hosting_engine="vllm")  # an image that the local cloud cannot build
    endpoints = ManagedEndpoints(settings, real.credential)
    assert eventually(lambda: endpoints.create(trained).state == "failed")
    assert "Dockerfile" in endpoints.create(trained).reason
    assert eventually(lambda: is_gone(endpoints, trained.endpoint))


@pytest.mark.parametrize("status", [400, 409])  # what Azure ML says to a second PUT is not documented
@pytest.mark.parametrize(("when", "created"), [("before", False), ("after", True)])
def test_a_refusal_counts_as_created_only_if_the_endpoint_is_there(
    trained: Run, real: Real, route: Route, when: str, created: bool, status: int
):
    endpoints = endpoints_of(real, route)
    real.cloud.add_faults({"service": "arm", "match": put_of(real, KINDS[route]), "when": when, "status": status})
    if created:
        assert endpoints.create(trained).state == "creating"
    else:
        with pytest.raises(ServiceRefused):
            endpoints.create(trained)
    assert eventually(lambda: is_gone(endpoints, trained.endpoint))


def test_a_busy_endpoint_is_to_be_asked_again(trained: Run, real: Real, route: Route):
    endpoints = endpoints_of(real, route)
    endpoints.create(trained)
    deletion = put_of(real, KINDS[route]).replace("PUT", "DELETE")
    real.cloud.add_faults({"service": "arm", "match": deletion, "when": "before", "status": 409})
    with pytest.raises(ServiceUnavailable, match=f"{trained.endpoint} cannot be deleted now"):
        endpoints.delete(trained.endpoint)
    assert eventually(lambda: is_gone(endpoints, trained.endpoint))


def test_a_model_is_archived_once_its_endpoint_is_gone(trained: Run, real: Real, route: Route):
    endpoints = endpoints_of(real, route)
    training = training_of(real, route)
    assert eventually(lambda: endpoints.create(trained).state == "succeeded")
    with pytest.raises(ServiceRefused, match="delete the endpoint first"):
        training.archive(trained)
    assert eventually(lambda: is_gone(endpoints, trained.endpoint))
    training.archive(trained)
    training.archive(trained)
    put = [call for call in real.cloud.history("arm") if call["method"] == "PUT"][-1]
    assert put["path"].endswith(f"/models/{trained.asset}/versions/1")
    assert put["request"]["properties"]["isArchived"] is True


def test_a_model_that_never_was_needs_no_archive(real: Real, run: Run, route: Route):
    training_of(real, route).archive(run)
