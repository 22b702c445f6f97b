"""The work of `abandoning`, `canceling` and `deleting`: leave nothing that costs money."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from shared.core.events import CleanedUp, Event
from shared.core.lifecycle import has_served
from shared.core.run import Run, State
from shared.errors import Conflict, ServiceRefused, ServiceUnavailable, TuneDropError
from shared.work.services import Services, Waiting

log = logging.getLogger(__name__)

SETTLED_AFTER = timedelta(minutes=2)  # longer than any call of a host that died: 115 s (tests/longest_call.py)
ENDED = frozenset({State.FAILED, State.CANCELED, State.DELETED})  # nothing of such a run may be left

OBSTACLES = (ServiceUnavailable, ServiceRefused, Conflict)


@dataclass(frozen=True)
class Left:
    """Something that is there still, and what kept it there; None where its end was asked for and takes time."""

    what: str
    obstacle: TuneDropError | None = None

    def __str__(self) -> str:
        return f"{self.what} ({self.obstacle})" if self.obstacle else self.what


def clean_up(run: Run, services: Services) -> Event | Waiting:
    """Leave nothing of the run; look once more after a while, for what was under way when the clean-up began."""
    left = _end_all(run, services)
    if left:
        return _still_there(left)
    settled = services.clock() - run.since >= SETTLED_AFTER
    return CleanedUp() if settled else Waiting(trouble="a last look for what comes late")


def delete(run: Run, services: Services) -> Event | Waiting:
    """Leave nothing of the run, then archive its model: Azure ML refuses that while an endpoint serves it."""
    left = _end_all(run, services)
    if left:
        return _still_there(left)
    services.training.archive(run)
    return CleanedUp()


def undo_late(worked: Run, run: Run, services: Services) -> None:
    """Clean up after work on a run, as `worked` was, that has ended or was tried again by now, as `run` is.

    The work may have made something late. Raises what another message of the run may find mended.
    """
    if run.state in ENDED:
        _raise_passing(_end_all(run, services))
    elif run.state is State.SERVING or run.attempt > worked.attempt:
        end_earlier(run, services)


def end_earlier(run: Run, services: Services) -> None:
    """Ask for the end of what earlier attempts made, but of the job in use; raises what is worth another try."""
    earlier = _attempts(run)[:-1]
    if earlier:
        _raise_passing(_end(run, (one for one in earlier if one.job != run.job), earlier, services))


def _raise_passing(left: list[Left]) -> None:
    for one in left:
        if isinstance(one.obstacle, ServiceUnavailable | Conflict):
            raise one.obstacle


def _end_all(run: Run, services: Services) -> list[Left]:
    return _end(run, _attempts(run), _attempts(run), services)


def _attempts(run: Run) -> list[Run]:
    return [replace(run, attempt=number, job_attempt=number) for number in range(1, run.attempt + 1)]


def _end(run: Run, jobs: Iterable[Run], attempts: Iterable[Run], services: Services) -> list[Left]:
    """End jobs, then what the name points at, then endpoints; each on its own, so that none holds up another."""
    ours = [one.endpoint for one in attempts]
    steps: list[tuple[str, Callable[[], bool]]] = [
        *((f"the job {one.job}", partial(services.training.cancel, one)) for one in jobs),
        (f"the name {run.model}", partial(_let_go, run, ours, services)),
        *((f"the endpoint {endpoint}", partial(services.endpoints.delete, endpoint)) for endpoint in ours),
    ]
    return [left for what, step in steps if (left := _left(run, what, step))]


def _left(run: Run, what: str, step: Callable[[], bool]) -> Left | None:
    try:
        return None if step() else Left(what)
    except OBSTACLES as obstacle:
        log.warning("run %s: %s is still there: %s", run.id, what, obstacle)
        return Left(what, obstacle)


def _let_go(run: Run, ours: list[str], services: Services) -> bool:
    """Let the model's name point at none of our endpoints, now or later; True once it does not.

    It points back at what served before, unless this run served: then that was to be removed, and is.
    """
    served = services.models.find(run.model)
    if served is None:
        return True
    if served.previous and served.previous.endpoint in ours:
        services.models.forget_previous(served)
    if served.endpoint not in ours:
        return True
    if served.previous and has_served(run):
        if not services.endpoints.delete(served.previous.endpoint):
            return False  # the row is all that remembers that endpoint
        services.models.forget_previous(served)
    services.models.point_back(served)
    return True


def _still_there(left: list[Left]) -> Waiting:
    return Waiting(trouble=f"{', '.join(map(str, left))} still there")
