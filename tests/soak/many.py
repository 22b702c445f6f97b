"""Several datasets dropped together, and what must have come of them in the end."""

import json
import os
from collections import Counter
from http.client import HTTPException

from tests.cloud import eventually
from tests.e2e.client import Answer, Person

SOAK = bool(os.environ.get("SOAK"))  # set by `make soak`: the long forms
NEWS = 2  # messages by each channel: of the training, and of the end
EXAMPLES = 12  # of each dataset
PATIENCE = 400.0  # seconds; a claim to send a notification outlives its host by a minute


class PatientPerson(Person):
    """Somebody who asks the function app again while its host is dead."""

    def get(self, path: str, key: str | None = None) -> Answer:
        """GET from the function app, once it answers."""

        def answer() -> Answer | None:
            try:
                given = super(PatientPerson, self).get(path, key)
            except (OSError, HTTPException):
                return None
            return given if given.status < 500 else None

        found = eventually(answer, PATIENCE)
        assert found is not None
        return found


def drop_many(person: Person, name: str, count: int) -> list[str]:
    """Upload so many small datasets, every second one for the managed route; return their paths."""
    paths = [f"{name}-{number}.jsonl" for number in range(count)]
    for number, path in enumerate(paths):
        if number % 2:
            person.drop(path.replace(".jsonl", ".yaml"), b"base_model: phi-3-mini-4k-instruct\n")
        lines = (
            f'{{"messages": [{{"role": "user", "content": "What of {path} is number {each}?"}}, '
            f'{{"role": "assistant", "content": "It is {each}."}}]}}\n'
            for each in range(EXAMPLES)
        )
        person.drop(path, "".join(lines).encode())
    return paths


def assert_each_serves_once(person: Person, paths: list[str], *, teams_twice: bool = False) -> None:
    """Each dataset has one run that serves, one job, one endpoint, and its news was told."""
    for path in paths:
        run = person.ended_run(path, PATIENCE)
        assert run["state"] == "serving", run
        assert len(person.runs(path)) == 1
        puts = {call["path"] for call in person.cloud.history("arm") if call["method"] == "PUT"}
        made = {put.partition("/deployments/")[0] for put in puts if run["id"] in put}
        assert len(made) <= 2, "more than one job and one endpoint"
        told = eventually(lambda run=run: told_of(person, run["id"]), PATIENCE)
        assert told["email"] == NEWS, told
        assert told["teams"] == NEWS or teams_twice, told


def told_of(person: Person, run_id: str) -> Counter[str] | None:
    """Count the messages about a run by channel, once all its news was told; a repeated one is no news."""
    told = Counter(m["channel"] for m in person.cloud.messages() if run_id in json.dumps(m))
    return told if min(told["email"], told["teams"]) >= NEWS else None
