"""What must hold once all runs have ended, however they got there."""

import re

from shared.core.lifecycle import LIFECYCLE, is_final
from shared.core.run import Channel, Run, State
from tests.unit.world import World

JOB_ENDS = frozenset({"Completed", "Failed", "Canceled"})
GIVEN_UP = re.compile(
    "(abandoning|canceling|deleting) took longer|TuneDrop itself"
)  # said to people, who see to it


def runs_of(world: World) -> list[Run]:
    """Return every run as it is; no scripted fault strikes this look."""
    return [world.runs._rows[run_id][0] for run_id in sorted(world.runs._rows)]


def live_jobs(world: World) -> list[str]:
    """Return the jobs that run on: nobody asked for their end."""
    asked = {*JOB_ENDS, "CancelRequested"}
    return [name for name, job in world.training.jobs.items() if job.status not in asked]


def live_endpoints(world: World) -> set[str]:
    """Return the endpoints that stay: nobody asked for their end."""
    return {name for name, endpoint in world.endpoints.endpoints.items() if endpoint.state != "deleting"}


def assert_all_ended(world: World) -> None:
    """Every run is in a final state, and nothing waits to be told."""
    states = {run.id: run.state for run in runs_of(world)}
    assert all(map(is_final, states.values())), states
    assert world.runs.open_ids() == set()


def assert_nothing_costs_that_does_not_serve(world: World) -> None:
    """No job runs on, and the endpoints are those that models' names point at; else people were told of it."""
    runs = runs_of(world)
    told = [run.id for run in runs if run.state is State.FAILED and GIVEN_UP.search(" ".join(run.reasons))]

    def untold(names: set[str]) -> set[str]:
        return {name for name in names if not any(run_id in name for run_id in told)}

    assert untold(set(live_jobs(world))) == set()
    named = {deployment.endpoint for deployment in world.models._rows.values()}
    assert untold(live_endpoints(world) - named) == set()
    assert named <= live_endpoints(world)
    assert named <= {run.endpoint for run in runs if run.state is State.SERVING}


def assert_what_serves_is_asked(world: World) -> None:
    """Of the runs of a model that served the newest has a live endpoint and the name, unless it was deleted."""
    ever = [run for run in runs_of(world) if State.SERVING in (m.state for m in world.runs._history[run.id])]
    newest = {run.model: run for run in sorted(ever, key=lambda run: (run.created, run.id))}
    serving = {(run.model, run.endpoint) for run in newest.values() if run.state is State.SERVING}
    assert serving <= {(model, deployment.endpoint) for model, deployment in world.models._rows.items()}
    assert {world.endpoints.endpoints[endpoint].state for _, endpoint in serving} <= {"succeeded"}


def assert_all_were_told(world: World, *, rather_twice: bool = False) -> None:
    """Each piece of news went out once by each channel; or at least once, where a lost answer hid that it had."""
    for channel, messenger in ((Channel.TEAMS, world.teams), (Channel.EMAIL, world.email)):
        assert {sent.channel for sent in messenger.sent} <= {channel}
        for run in runs_of(world):
            news = [m for m in world.runs._history[run.id] if LIFECYCLE[State(m.state)].notify]
            keys = [sent.key for sent in messenger.sent if sent.run.id == run.id]
            assert len(set(keys)) == len(news), (keys, news)
            assert rather_twice or len(keys) == len(news), keys
