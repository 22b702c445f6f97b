"""The Functions host is killed again and again, in the middle of calls and at any time; each run ends the same."""

import random
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.client import Person
from tests.soak.many import SOAK, assert_each_serves_once, drop_many

SEED = 20261121
ROUNDS, DATASETS = (5, 8) if SOAK else (1, 3)  # datasets of each go
ARMED, DEATHS = (10, 10) if SOAK else (4, 2)  # faults for each go, not all of which find a call; deaths in a round
GOES = 4  # of a round at most, until there were deaths enough
CALLS = {
    "arm": 8,
    "content_safety": 10,
    "event_grid": 2,
    "scoring": 1,
    "inbox": 4,
}  # that each run makes, at least
AT_ANY_TIME = 5 if SOAK else 2  # deaths that no call brings about
APART = 5.0 if SOAK else 1.5  # seconds at most between two of those


def deaths(chance: random.Random, services: list[str]) -> Iterator[dict[str, Any]]:
    """Yield faults that kill the host before or after a call took effect."""
    for _ in range(ARMED):
        (service,) = chance.choices(services, [CALLS[one] for one in services])
        skip = chance.randrange(CALLS[service] * DATASETS // 2)
        yield {"service": service, "skip": skip, "action": "crash", "when": chance.choice(["before", "after"])}


@pytest.mark.parametrize("number", range(ROUNDS))
def test_killed_in_the_middle_of_calls_a_run_ends_the_same(person: Person, number: int):
    # A host that dies while it sends leaves a claim for a minute: too long for the short form.
    services = [name for name in CALLS if SOAK or name not in ("inbox", "content_safety")]
    chance, struck = random.Random(SEED + number), []
    for go in range(GOES):
        person.cloud.add_faults(*deaths(chance, services))  # those that are still to strike stay armed
        paths = drop_many(person, f"killed{number}-{go}", DATASETS)
        assert_each_serves_once(person, paths, teams_twice=SOAK)
        struck = [call for call in person.cloud.history() if str(call["fault"]).startswith("crash")]
        if len(struck) >= DEATHS:
            break
    print(f"killed in the middle of {[(call['service'], call['fault']) for call in struck]}")
    assert len(struck) >= DEATHS


def test_killed_at_any_time_a_run_ends_the_same(person: Person):
    chance = random.Random(SEED)
    paths = drop_many(person, "any-time", DATASETS)
    for _ in range(AT_ANY_TIME):
        threading.Event().wait(chance.uniform(0, APART))
        person.cloud.restart_host()
    assert_each_serves_once(person, paths, teams_twice=True)
