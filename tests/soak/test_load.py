"""Many datasets at once: every run ends right, and what one costs does not grow with their number."""

from dataclasses import replace

from bench.lifecycle.loading import FINDING, SUBMITTING, Load, loaded
from tests.e2e.client import Person
from tests.soak.many import SOAK

HINTS = 2  # messages that no tick puts: of the upload, and of the job's end
CALLS_PER_RUN = 30  # to Azure ML; some more than a run on its own needs, since others look at the same time
MEMORY = 600  # MB


def assert_cheap(load: Load) -> None:
    print(replace(load, reads={"most": max(load.reads.values())}))
    assert load.states == {"serving": load.runs}
    another = FINDING + SUBMITTING  # by a second worker that begins the same submission
    assert max(load.reads.values()) <= load.ticks + HINTS + another
    assert load.calls["arm"] <= CALLS_PER_RUN * load.runs
    assert load.advances <= (load.ticks + HINTS) * load.runs
    assert load.peak_mb < MEMORY


def test_each_of_many_runs_costs_as_little_as_each_of_few(person: Person):
    # A host that has just started imports for seconds; meanwhile other workers begin the same submission.
    assert loaded(person.cloud, "warm", 1).states == {"serving": 1}
    few = loaded(person.cloud, "few", 5)
    assert_cheap(few)
    if SOAK:
        many = loaded(person.cloud, "many", 200)
        assert_cheap(many)
        assert many.calls["arm"] / many.runs <= 1.2 * few.calls["arm"] / few.runs
