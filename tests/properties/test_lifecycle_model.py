"""Whatever happens to runs in whatever order, they end right, cost nothing more, and people are told."""

import os

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.properties.lifecycle_machine import Lives

SOAK = bool(os.environ.get("SOAK"))  # set by `make soak`: many more, and other ones each time
EXAMPLES = 3000 if SOAK else 120
STEPS = 25


def test_every_life_ends_right():
    ways = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        derandomize=not SOAK,
        database=None,
        print_blob=True,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Lives, settings=ways)
