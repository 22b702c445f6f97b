"""Runs from drop to end over fakes: the good way and the bad ways."""

import pytest

from shared.commands import DELETE
from shared.core.dataset.cost import Prices
from shared.core.messages import email
from shared.core.run import Channel, State
from shared.core.run_view import run_view
from shared.errors import NotFound
from tests.unit.world import GOOD, World, example


def told(world: World) -> list[tuple[Channel, State]]:
    sent = [*world.teams.sent, *world.email.sent]
    return sorted((n.channel, n.run.state) for n in sent)


GOOD_NEWS = sorted((channel, state) for channel in Channel for state in (State.TRAINING, State.SERVING))


def test_a_dropped_dataset_becomes_a_served_model_and_people_are_told():
    world = World()
    run_id = world.receive(world.drop())
    world.tick(6)
    assert world.run(run_id).state is State.SERVING
    assert world.models.find("support").run_id == run_id
    assert told(world) == GOOD_NEWS
    assert {
        f"{run_id}/{name}" for name in ("report.json", "report.html", "training.jsonl", "validation.jsonl")
    } <= set(world.datasets.written)
    states = [moment.state for moment in world.runs.history(run_id)]
    assert states == ["received", "submitting", "training", "deploying", "verifying", "serving"]


@pytest.mark.parametrize(
    ("base_model", "route", "endpoint"),
    [("Phi-4", "serverless", "td-"), ("Phi-3.5-mini-instruct", "managed", "tm-")],
)
def test_the_base_model_decides_the_route_of_the_whole_life(base_model: str, route: str, endpoint: str):
    world = World()
    world.drop("support.yaml", f"base_model: {base_model}".encode())
    run_id = world.receive(world.drop())
    world.tick(6)
    assert (world.run(run_id).state, world.run(run_id).checked.route) == (State.SERVING, route)
    assert world.models.find("support").endpoint == f"{endpoint}{run_id}"
    world.commands.give(DELETE, run_id, "ann")
    world.tick(6)
    assert world.run(run_id).state is State.DELETED
    assert world.endpoints.endpoints == {}


def test_the_same_event_five_times_makes_one_run_one_job_one_endpoint_and_each_message_once():
    world = World()
    dropped = world.drop()
    first = {world.receive(dropped) for _ in range(3)}
    world.tick(6)
    later = {world.receive(dropped) for _ in range(2)}
    world.tick(3)
    assert first == later
    assert (world.training.created, world.endpoints.created) == (1, 1)
    assert told(world) == GOOD_NEWS


def test_a_dataset_whose_event_never_came_is_found_by_the_sweep():
    world = World()
    world.drop()
    world.tick(8)
    (run_id,) = world.runs.known_ids()
    assert world.run(run_id).state is State.SERVING


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"name;age\nann;7\n", "table"),
        (GOOD[:200], "10"),
        (GOOD + b'{"messages": []}\n', "line 21"),
        (GOOD + b'{"messages": [{"role": "user", "content": "hi"}]}\n', "line 21"),
    ],
)
def test_a_bad_dataset_is_rejected_with_reasons_and_costs_nothing(content, reason):
    world = World()
    run_id = world.receive(world.drop(content=content))
    world.tick(2)
    run = world.run(run_id)
    assert run.state is State.REJECTED
    assert reason in " ".join(run.reasons)
    assert {f"{run_id}/report.json", f"{run_id}/report.html"} <= set(world.datasets.written)
    assert set(world.datasets.beside) == {"support.report.json", "support.report.html"}
    assert world.training.created == 0
    assert told(world) == sorted((channel, State.REJECTED) for channel in Channel)


@pytest.mark.parametrize(("budget", "state"), [("0.5", State.REJECTED), ("500", State.SERVING)])
def test_what_costs_more_than_the_budget_is_not_trained(budget, state):
    world = World(prices=Prices(per_1000_tokens=1.0, currency="EUR"))
    world.datasets.drop("support.yaml", f"budget: {budget}".encode(), world.now)
    run_id = world.receive(world.drop())
    world.tick(8)
    assert world.run(run_id).state is state
    assert ("EUR" in " ".join(world.run(run_id).reasons)) == (state is State.REJECTED)


@pytest.mark.parametrize(("budget", "state"), [("0.5", State.REJECTED), ("500", State.SERVING)])
def test_on_gpus_hours_count_for_the_budget_and_the_run_tells_the_cost(budget, state):
    world = World(prices=Prices(9, 9, "EUR", gpu_training_per_hour=4.1, gpu_hosting_per_hour=4.1))
    world.datasets.drop("support.yaml", f"base_model: Phi-3.5-mini-instruct\nbudget: {budget}".encode(), world.now)
    run_id = world.receive(world.drop())
    world.tick(8)
    cost = run_view(world.run(run_id))["cost"]
    assert world.run(run_id).state is state
    assert 0.5 < cost["training_cost"] < 500
    assert (cost["hosting_per_day"], cost["currency"]) == (98.4, "EUR")
    if state is State.SERVING:
        assert "then 98.40 EUR for each day" in email(world.email.sent[0], world.email.backgrounds[0]).text


def test_a_rejection_names_the_three_most_frequent_reasons_and_where_all_are():
    world = World()
    kinds = [b"{}\n"] * 3 + [b"bad\n"] * 4 + [b"[]\n"] * 2 + [b'{"messages": 1}\n'] * 5 + [b"\xff\n"]
    run_id = world.receive(world.drop(content=GOOD + b"".join(kinds)))
    world.tick(2)
    for sent in (world.teams.sent[-1], world.email.sent[-1]):
        mail = email(sent, world.email.backgrounds[-1]).text
        told = [line for line in mail.splitlines() if line.startswith("- ")]
        assert [line.split(" (and ")[1].split(")")[0] for line in told[:3]] == ["7 more", "3 more", "1 more"]
        assert told[3:] == ["- and 1 more kind; the report has them all"]
        assert f"Read the report: https://st.example/reports/{run_id}/report.html" in mail


@pytest.mark.parametrize(
    ("path", "reason"), [("a/b/deep.jsonl", "too deep"), ("my model!.jsonl", "no name for a model")]
)
def test_a_dataset_in_a_wrong_place_is_rejected_so_that_somebody_hears_of_it(path, reason):
    world = World()
    run_id = world.receive(world.drop(path))
    world.tick(2)
    assert world.run(run_id).state is State.REJECTED
    assert reason in world.run(run_id).reasons[0]
    assert told(world) == sorted((channel, State.REJECTED) for channel in Channel)


@pytest.mark.parametrize(
    "path",
    [
        "support.txt",
        "support.validation.jsonl",
        "support.yaml",
        ".hidden.jsonl",
        "a.report.json",
        "a/1.report.html",
    ],
)
def test_what_is_no_dataset_starts_no_run(path):
    world = World()
    assert world.intake.receive(world.drop(path)) is None
    assert world.runs.known_ids() == set()


def test_a_bad_file_leaves_the_other_runs_alone():
    world = World()
    good = world.receive(world.drop())
    bad = world.receive(world.drop("other.jsonl", b"nonsense"))
    world.tick(6)
    assert world.run(good).state is State.SERVING
    assert world.run(bad).state is State.REJECTED


def test_an_overwritten_blob_is_a_new_run_and_the_old_version_is_not_trained():
    world = World()
    old = world.receive(world.drop())
    new = world.receive(world.drop(content=GOOD + example(99).encode()))
    world.tick(8)
    assert world.run(old).state is State.REJECTED
    assert "replaced" in world.run(old).reasons[0]
    assert world.run(new).state is State.SERVING
    assert world.training.created == 1


def test_a_validation_file_that_changes_meanwhile_is_read_again():
    world = World()
    run_id = world.receive(world.drop())
    world.drop("support.validation.jsonl", example(500).encode())
    world.datasets.fail_next("write", NotFound("blob storage", "it was overwritten", "Changed"))
    world.tick(7)
    assert world.run(run_id).state is State.SERVING
    assert world.run(run_id).checked.validation_examples == 1


def test_the_same_file_again_is_answered_by_the_run_that_serves_it():
    world = World()
    first = world.receive(world.drop())
    world.tick(6)
    again = world.receive(world.drop())
    world.tick(2)
    assert world.run(again).state is State.REJECTED
    assert first in world.run(again).reasons[0]
    assert world.models.find("support").run_id == first
    assert world.training.created == 1


def test_a_newer_dataset_takes_the_name_over_and_the_old_endpoint_is_removed():
    world = World()
    old = world.receive(world.drop())
    world.tick(6)
    new = world.receive(world.drop(content=GOOD + example(99).encode()))
    world.tick(9)
    assert world.models.find("support").run_id == new
    assert [world.run(new).endpoint] == list(world.endpoints.endpoints)
    assert world.run(old).state is State.SERVING  # it did serve; its endpoint is gone
