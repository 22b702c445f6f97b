"""A run ends right in bad weather, with the Functions host killed on the way."""

from pathlib import Path

from tests.cloud import eventually
from tests.e2e.test_duplicates import TITLES, told_of

# A host that dies while it sends leaves a claim for a minute, and the next delivery may come 90 s after the last.
TOLD = 240.0  # seconds
ROUGH = {"throttled": 0.05, "failing": 0.03, "duplicated": 0.5, "reordered": 0.5, "slow_status": 0.3}


def test_throttling_repeated_events_and_a_killed_host_change_nothing_at_the_end(person):
    person.cloud.set_weather(**ROUGH)
    try:
        person.drop("rough.yaml", b"epochs: 1\n")
        person.drop("rough.jsonl", Path("samples/support.jsonl").read_bytes())
        eventually(lambda: person.runs("rough.jsonl"), 60, 0.05)
        for state in ("received", "training", "deploying"):
            person.cloud.restart_host()
            eventually(lambda state=state: has_entered(person, state), 120, 0.1)
        person.cloud.restart_host()
        run = person.ended_run("rough.jsonl")
        assert run["state"] == "serving", run
        assert len(person.runs("rough.jsonl")) == 1
        told = eventually(lambda: told_of(person, run["id"]), TOLD)
    finally:
        person.cloud.set_weather(calm=True)
    # Teams may be told twice where the host died between sending and recording; nobody is left out.
    assert set(told) == {(channel, state) for channel in ("email", "teams") for state in TITLES}
    assert len([one for one in told if one[0] == "email"]) == len(TITLES)


def has_entered(person, state: str) -> bool:
    (run,) = person.runs("rough.jsonl")
    return state in [entry["state"] for entry in person.get(f"/runs/{run['id']}").json()["history"]]
