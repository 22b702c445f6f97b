"""A run goes through the gateways of its own route; an endpoint's name alone tells which."""

from dataclasses import dataclass, field, replace

import pytest

from shared.core.base_models import Route
from shared.core.run import Channel, Checked, Notification, Run
from shared.gateways.event_topic import _event_of, notification_of
from shared.gateways.routes import RoutedEndpoints, RoutedTraining
from tests.contract.examples import RUN
from tests.fakes import FakeEndpoints, FakeTraining

ROUTES = list(Route)


def of(route: Route) -> Run:
    return replace(RUN, checked=Checked(route=route.value))


@dataclass
class Both:
    """Fakes of both routes, and which of them were made."""

    training: dict[Route, FakeTraining] = field(default_factory=dict)
    endpoints: dict[Route, FakeEndpoints] = field(default_factory=dict)

    def routed_training(self) -> RoutedTraining:
        return RoutedTraining(
            {route: lambda of=route: self._made(self.training, of, FakeTraining) for route in Route}
        )

    def routed_endpoints(self) -> RoutedEndpoints:
        return RoutedEndpoints(
            {route: lambda of=route: self._made(self.endpoints, of, FakeEndpoints) for route in Route}
        )

    @staticmethod
    def _made(known, route, kind):
        assert route not in known, "made twice"
        known[route] = kind()
        return known[route]


@pytest.mark.parametrize("route", ROUTES)
def test_a_run_s_job_goes_its_route_and_the_other_is_not_even_made(route: Route):
    both = Both()
    training = both.routed_training()
    training.submit(of(route))
    assert training.job(of(route)).status == "NotStarted"
    assert [training.cancel(of(route)) for _ in range(3)] == [False, False, True]
    both.training[route].becomes(of(route), "Completed")
    training.archive(of(route))
    assert both.training[route].archived == {RUN.asset}
    assert list(both.training) == [route]


@pytest.mark.parametrize("route", ROUTES)
def test_an_endpoint_is_deleted_by_its_name(route: Route):
    both = Both()
    endpoints = both.routed_endpoints()
    assert endpoints.create(of(route)).state == "creating"
    assert [endpoints.delete(of(route).endpoint) for _ in range(2)] == [False, True]
    assert list(both.endpoints) == [route]


@pytest.mark.parametrize("route", ROUTES)
def test_what_people_are_told_names_the_endpoint_of_the_route(route: Route):
    facts = dict(_event_of(Notification(of(route), Channel.EMAIL)).data)
    assert notification_of(facts).run.endpoint == of(route).endpoint
    del facts["route"]  # an event on its way from a version that knew one route
    assert notification_of(facts).run.endpoint == of(Route.SERVERLESS).endpoint
