"""Which gateway a run's training and serving go through: the run remembers, and an endpoint's name tells."""

from collections.abc import Callable, Mapping
from functools import cache

from shared.core.base_models import Route
from shared.core.names import is_online
from shared.core.run import Run
from shared.ports import Endpoint, Endpoints, Job, Training


class RoutedTraining:
    """Azure ML's jobs, each by the route that its run was checked for."""

    def __init__(self, made: Mapping[Route, Callable[[], Training]]) -> None:
        self._made = {route: cache(make) for route, make in made.items()}

    def submit(self, run: Run) -> None:
        """Create the run's job, or find it there; raises ServiceRefused when Azure ML will not have it."""
        self._of(run).submit(run)

    def job(self, run: Run) -> Job:
        """Return the run's job; raises NotFound."""
        return self._of(run).job(run)

    def cancel(self, run: Run) -> bool:
        """Ask for the job's end; True once it has ended or was never there."""
        return self._of(run).cancel(run)

    def archive(self, run: Run) -> None:
        """Take the job's model out of the lists, if there is one; ServiceRefused while an endpoint serves it."""
        self._of(run).archive(run)

    def _of(self, run: Run) -> Training:
        return self._made[Route(run.checked.route)]()


class RoutedEndpoints:
    """Azure ML's endpoints of both kinds."""

    def __init__(self, made: Mapping[Route, Callable[[], Endpoints]]) -> None:
        self._made = {route: cache(make) for route, make in made.items()}

    def create(self, run: Run) -> Endpoint:
        """Create the run's endpoint, or find it there; raises ServiceRefused when Azure ML will not have it."""
        return self._made[Route(run.checked.route)]().create(run)

    def delete(self, endpoint: str) -> bool:
        """Ask for the endpoint's end; True once it is gone or was never there."""
        route = Route.MANAGED if is_online(endpoint) else Route.SERVERLESS
        return self._made[route]().delete(endpoint)
