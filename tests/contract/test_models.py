"""The contract of Models."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.core.run import Run
from shared.errors import ServiceUnavailable
from shared.gateways.model_table import ModelTable
from shared.ports import Deployment, Models
from tests.contract.examples import START
from tests.fakes import FakeModels

HOUR = timedelta(hours=1)


@pytest.fixture
def models(either) -> Models:
    return either(FakeModels, lambda real: ModelTable(real.settings, real.credential))


def drop(run: Run, number: int, hours: int | None = None) -> Deployment:
    """Return the deployment of the number-th drop of the run's model, by default dropped in that order."""
    when = START + HOUR * (number if hours is None else hours)
    return Deployment(
        model=f"model-{run.id}",
        run_id=f"r{number}",
        endpoint=f"td-r{number}",
        url=f"https://td-r{number}.eastus2.models.ai.azure.com",
        base_model="Phi-4-mini-instruct",
        created=when + HOUR,
        dataset_created=when,
        content_hash="00ff",
    )


def test_an_unknown_name_points_at_nothing(models: Models, run: Run):
    assert models.find(f"model-{run.id}") is None


def test_the_first_deployment_of_a_name_comes_back_whole(models: Models, run: Run):
    assert models.point(drop(run, 1)) == drop(run, 1)
    assert models.find(f"model-{run.id}") == drop(run, 1)
    assert drop(run, 1) in models.all()


def test_a_newer_drop_takes_over_and_remembers_what_to_remove(models: Models, run: Run):
    models.point(drop(run, 1))
    expected = replace(drop(run, 2), previous=drop(run, 1))
    assert models.point(drop(run, 2)) == expected
    assert models.find(expected.model) == expected


def test_pointing_twice_is_pointing_once(models: Models, run: Run):
    models.point(drop(run, 1))
    first = models.point(drop(run, 2))
    assert models.point(drop(run, 2)) == first
    assert models.find(first.model) == first


@pytest.mark.parametrize(("older", "newer"), [((1, 1), (2, 2)), ((1, 5), (2, 5))], ids=["older", "same second"])
def test_the_newest_drop_wins_in_whatever_order_they_come(models: Models, run: Run, older, newer):
    models.point(drop(run, *newer))
    assert models.point(drop(run, *older)) == drop(run, *newer)
    assert models.find(f"model-{run.id}") == drop(run, *newer)


def test_no_endpoint_is_forgotten_before_it_is_removed(models: Models, run: Run):
    models.point(drop(run, 1))
    second = models.point(drop(run, 2))
    with pytest.raises(ServiceUnavailable):
        models.point(drop(run, 3))
    assert models.find(second.model) == second
    models.forget_previous(second)
    assert models.point(drop(run, 3)).previous == drop(run, 2)


def test_only_the_endpoint_that_was_removed_is_forgotten(models: Models, run: Run):
    models.point(drop(run, 1))
    second = models.point(drop(run, 2))
    models.forget_previous(replace(second, previous=drop(run, 0)))
    assert models.find(second.model) == second
    models.forget_previous(second)
    models.forget_previous(second)
    assert models.find(second.model) == drop(run, 2)


def test_forgetting_for_an_unknown_name_changes_nothing(models: Models, run: Run):
    models.forget_previous(replace(drop(run, 1), previous=drop(run, 0)))
    assert models.find(f"model-{run.id}") is None


def test_a_name_points_back_at_what_served_before_or_at_nothing(models: Models, run: Run):
    models.point(drop(run, 1))
    second = models.point(drop(run, 2))
    for _ in range(2):
        models.point_back(second)
        assert models.find(second.model) == drop(run, 1)
    for _ in range(2):
        models.point_back(drop(run, 1))
        assert models.find(second.model) is None


@pytest.mark.parametrize("elsewhere", [{"run_id": "r1", "endpoint": "td-r1"}, {"endpoint": "td-r2-2"}], ids=str)
def test_a_name_that_points_elsewhere_by_now_does_not_point_back(models: Models, run: Run, elsewhere):
    newer = models.point(drop(run, 2))
    models.point_back(replace(newer, **elsewhere))
    assert models.find(newer.model) == newer


def test_when_a_model_was_last_asked_is_known(models: Models, run: Run):
    name = f"model-{run.id}"
    assert name not in models.last_asked()
    models.note_asked(name, START)
    models.note_asked(name, START + HOUR)
    assert models.last_asked()[name] == START + HOUR


def test_asking_a_model_changes_nothing_of_what_its_name_points_at(models: Models, run: Run):
    deployment = models.point(drop(run, 1))
    models.note_asked(deployment.model, START)
    assert models.find(deployment.model) == deployment
    assert [one.model for one in models.all()].count(deployment.model) == 1
    assert models.point(drop(run, 2)).previous == deployment
    models.forget_previous(replace(drop(run, 2), previous=deployment))
    models.point_back(drop(run, 2))
    assert models.find(deployment.model) is None
