"""Whatever happens to runs in whatever order, they end right, cost nothing more, and people are told."""

import os

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.properties.lifecycle_machine import Lives

EXAMPLES = int(os.environ.get("LIFECYCLE_EXAMPLES", "60"))  # `make soak` asks for many more
STEPS = 25


def test_every_life_ends_right():
    short = EXAMPLES <= 60
    ways = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        derandomize=short,
        database=None,
        print_blob=True,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Lives, settings=ways)
