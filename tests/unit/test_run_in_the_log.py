"""A run's id begins every line that the log has of the run, so one search shows its way."""

import logging
import re
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from shared.core.names import job_name
from shared.errors import ServiceRefused, ServiceUnavailable
from shared.gateways.job_observation import failure_reason, latest_metrics
from tests.unit.world import GOOD, World, example

OF_A_RUN = re.compile(r"run r[0-9a-f]{20}: ")


def nothing(_world: World) -> None:
    """All goes well."""


def answers_badly(world: World) -> None:
    world.answer = lambda: "it said nothing"


def services_are_away(world: World) -> None:
    world.datasets.fail_next("chunks", ServiceUnavailable("blob storage", "away"))
    world.training.fail_next("submit", ServiceUnavailable("azure ml", "away"))
    world.endpoints.fail_next("create", ServiceUnavailable("azure ml", "away"))
    world.reports.fail_next("place_of", ServiceUnavailable("blob storage", "away"))


def quota_is_used_up(world: World) -> None:
    world.training.fail_next("submit", ServiceRefused("azure ml", "no quota", 400))


def another_serves(world: World) -> None:
    world.receive(world.drop())
    world.tick(8)


@pytest.mark.parametrize(
    ("spoil", "content", "said"),
    [
        (nothing, GOOD, ["recorded (support.jsonl)", "verifying -> serving", "serving told by email"]),
        (nothing, b"nonsense\n", ["received -> rejected: 1 example; ", "rejected told by teams"]),
        (answers_badly, GOOD, ["-> failed: it said nothing"]),
        (quota_is_used_up, GOOD, ["-> failed: Azure ML refused the job: no quota"]),
        (services_are_away, GOOD, ["received: blob storage: away", "submitting: azure ml", "without a link"]),
        (another_serves, GOOD + example(20).encode(), ["served before is deleted"]),
    ],
)
def test_every_line_of_a_run_begins_with_its_id(
    caplog: pytest.LogCaptureFixture, spoil: Callable[[World], None], content: bytes, said: list[str]
):
    caplog.set_level(logging.INFO)
    world = World()
    spoil(world)
    caplog.clear()
    run_id = world.receive(world.drop(content=content))
    world.tick(12)
    lines = caplog.messages
    assert [line for line in lines if not OF_A_RUN.match(line)] == []
    story = "\n".join(line for line in lines if line.startswith(f"run {run_id}: "))
    assert [words for words in said if words not in story] == [], story


class SilentArm:
    """A Resource Manager that knows the workspace and answers nothing else."""

    workspace_path = "/subscriptions/s"
    workspace: ClassVar = {
        "properties": {"discoveryUrl": "/d", "mlFlowTrackingUri": "azureml://ml.example/mlflow/v1.0/w"}
    }

    def get(self, _url: str) -> Any:
        raise ServiceRefused("azure ml", "not now", 403)


@pytest.mark.parametrize("look", [failure_reason, latest_metrics])
def test_what_a_job_does_not_tell_is_said_of_its_run(caplog: pytest.LogCaptureFixture, look: Callable[..., Any]):
    caplog.set_level(logging.INFO)
    run_id = "r" + "0" * 20
    assert not look(SilentArm(), job_name(run_id, 2))
    (line,) = caplog.messages
    assert line.startswith(f"run {run_id}: job tunedrop-{run_id}-2: ")
