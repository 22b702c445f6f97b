"""A bad file is refused with reasons that one can act on; the mended file, dropped over it, is trained."""

import json
from pathlib import Path

from tests.cloud import eventually
from tests.e2e.client import Person

NAME = "mended"
EXAMPLES = Path("samples/support.jsonl").read_bytes()
NO_ANSWER = b'{"messages": [{"role": "user", "content": "Is anybody there?"}]}\n'
FAULTS = NO_ANSWER * 5 + b"no JSON\n" * 4 + b"[1]\n" * 3 + b'{"prompt": "a", "completion": "b"}\n' * 2
FREQUENT = [
    "the assistant says nothing (and 4 more)",
    "not JSON",
    "the line is a list, not an object (and 2 more)",
]


def test_a_bad_file_is_rejected_with_its_report_beside_it_and_the_mended_one_trains(person):
    person.drop(f"{NAME}.yaml", b"epochs: 1\n")  # the shortest training: how well it answers is not the point
    person.drop(f"{NAME}.jsonl", EXAMPLES + FAULTS)
    bad = person.ended_run(f"{NAME}.jsonl")
    assert bad["state"] == "rejected"

    report = json.loads(person.blob(f"datasets/{NAME}.report.json"))
    assert not report["accepted"]
    assert report["files"][0]["counts"].items() >= {"R12": 5, "R01": 4, "R02": 3, "R04": 2}.items()
    assert report["files"][0]["examples"] == EXAMPLES.count(b"\n")
    page = person.blob(f"datasets/{NAME}.report.html")
    assert b"Not fit to train on" in page
    for suffix, beside in (("json", json.dumps(report)), ("html", page)):
        written = person.blob(f"reports/{bad['id']}/report.{suffix}")
        assert (written if suffix == "html" else json.dumps(json.loads(written))) == beside

    told = eventually(lambda: of_run(person, bad["id"], 2), 60)
    assert sorted(message["channel"] for message in told) == ["email", "teams"]
    for message in map(json.dumps, told):
        places = [message.find(reason) for reason in FREQUENT]
        assert 0 < places[0] < places[1] < places[2]
        assert "prompt/completion" not in message

    person.drop(f"{NAME}.jsonl", EXAMPLES)
    eventually(lambda: len(person.runs(f"{NAME}.jsonl")) == 2, 60)
    good = person.ended_run(f"{NAME}.jsonl")
    assert good["state"] == "serving", good
    assert "training" in [entry["state"] for entry in good["history"]]
    assert json.loads(person.blob(f"datasets/{NAME}.report.json"))["accepted"]
    assert len(of_run(person, bad["id"], 0)) == 2  # still one for each channel


def of_run(person: Person, run_id: str, at_least: int) -> list[dict]:
    """Return every message about the run, once there are enough of them."""
    found = [message for message in person.cloud.messages() if run_id in json.dumps(message)]
    return found if len(found) >= at_least else []
