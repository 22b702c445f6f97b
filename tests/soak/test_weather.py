"""All the bad weather at once, with tokens that hold for seconds: each run ends right, and the model answers."""

from tests.e2e.client import Person
from tests.soak.many import SOAK, assert_each_serves_once, drop_many

ROUGH = {
    "throttled": 0.05,
    "failing": 0.03,
    "delayed": 0.1,
    "lost": 0.03,
    "slow_status": 0.5,
    "duplicated": 0.5,
    "reordered": 0.5,
    "token_seconds": 3,
}


def test_in_all_weathers_a_run_ends_right(person: Person):
    person.cloud.set_weather(**ROUGH)
    person.cloud.restart_host()  # the tokens that the old one keeps hold for a day
    try:
        paths = drop_many(person, "weather", 20 if SOAK else 3)
        assert_each_serves_once(person, paths, teams_twice=True)
    finally:
        person.cloud.set_weather(calm=True)
    lost = [call for call in person.cloud.history() if call["fault"] == "lost"]
    refused = [call for call in person.cloud.history() if call["status"] in (429, 500)]
    assert lost, "the weather was not rough"
    assert refused, "the weather was not rough"
    assert len(person.cloud.history("identity")) > len(paths), "no token expired"
    answer = person.chat(model="weather-0", messages=[{"role": "user", "content": "Are you well?"}])
    assert answer.status == 200, answer.body
