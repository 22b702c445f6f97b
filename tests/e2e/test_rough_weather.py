"""A run ends right in bad weather, with the Functions host killed on the way."""

from pathlib import Path

import pytest

from tests.cloud import eventually
from tests.e2e.test_drop_to_answer import BASE_MODELS
from tests.e2e.test_duplicates import TITLES, told_of

# A host that dies while it sends leaves a claim for a minute, and deliveries come ever later: the sixth after
# 50 s, the seventh after 140 s, the eighth after 320 s.
TOLD = 400.0  # seconds
ROUGH = {"throttled": 0.05, "failing": 0.03, "duplicated": 0.5, "reordered": 0.5, "slow_status": 0.3}


@pytest.mark.parametrize("base_model", BASE_MODELS.values())
def test_throttling_repeated_events_and_a_killed_host_change_nothing_at_the_end(person, base_model):
    dataset = f"rough-{base_model.lower()}.jsonl"
    person.cloud.set_weather(**ROUGH)
    try:
        person.drop(dataset.replace(".jsonl", ".yaml"), f"epochs: 1\nbase_model: {base_model}\n".encode())
        person.drop(dataset, Path("samples/support.jsonl").read_bytes())
        eventually(lambda: person.runs(dataset), 60, 0.05)
        for state in ("received", "training", "deploying"):
            person.cloud.restart_host()
            eventually(lambda state=state: has_entered(person, dataset, state), 120, 0.1)
        person.cloud.restart_host()
        run = person.ended_run(dataset)
        assert run["state"] == "serving", run
        assert len(person.runs(dataset)) == 1
    finally:
        person.cloud.set_weather(calm=True)
    told = eventually(lambda: told_of(person, run["id"]), TOLD)  # what is under way met the weather and the deaths
    # Teams may be told twice where the host died between sending and recording; nobody is left out.
    assert set(told) == {(channel, state) for channel in ("email", "teams") for state in TITLES}
    assert len([one for one in told if one[0] == "email"]) == len(TITLES)


def has_entered(person, dataset: str, state: str) -> bool:
    (run,) = person.runs(dataset)
    return state in [entry["state"] for entry in person.get(f"/runs/{run['id']}").json()["history"]]
