"""Whatever MLflow says of a job's metrics, what is kept are finite numbers by name: nothing else can be told."""

import json
from typing import Any, ClassVar

import pytest

from shared.core.names import job_name
from shared.gateways.job_observation import latest_metrics

JOB = job_name("r" + "0" * 20)
LOSS = {"key": "eval_loss", "value": 1.5}


class ArmThatSays:
    """A Resource Manager whose MLflow gives one answer."""

    workspace: ClassVar = {"properties": {"mlFlowTrackingUri": "azureml://ml.example/mlflow/v1.0/w"}}

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def get(self, _url: str) -> Any:
        return self.answer


@pytest.mark.parametrize(
    ("metric", "kept"),
    [
        ({"key": "train_loss", "value": 2}, {"train_loss": 2.0}),
        ({"key": "train_loss", "value": "2.5"}, {"train_loss": 2.5}),
        ({"key": "train_loss", "value": "NaN"}, {}),
        ({"key": "train_loss", "value": "Infinity"}, {}),
        ({"key": "train_loss", "value": "-Infinity"}, {}),
        ({"key": "train_loss", "value": float("nan")}, {}),
        ({"key": "train_loss", "value": float("inf")}, {}),
        ({"key": "train_loss", "value": 10**400}, {}),
        ({"key": "train_loss", "value": "low"}, {}),
        ({"key": "train_loss", "value": None}, {}),
        ({"key": "train_loss", "value": [1]}, {}),
        ({"key": "train_loss"}, {}),
        ({"value": 1}, {}),
        ({"key": None, "value": 1}, {}),
        ({"key": ["train_loss"], "value": 1}, {}),
        (None, {}),
        ("train_loss", {}),
    ],
)
def test_of_the_metrics_those_are_kept_that_are_numbers(metric: Any, kept: dict[str, float]):
    found = latest_metrics(ArmThatSays({"run": {"data": {"metrics": [metric, LOSS]}}}), JOB)
    assert found == kept | {"eval_loss": 1.5}
    assert json.loads(json.dumps(found, allow_nan=False)) == found


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"run": None},
        {"run": {"data": None}},
        {"run": {"data": {}}},
        {"run": {"data": {"metrics": None}}},
        {"run": {"data": {"metrics": {"eval_loss": 1.5}}}},
        {"run": "none"},
        [],
        None,
    ],
)
def test_an_answer_of_another_shape_tells_no_metrics(answer: Any):
    assert latest_metrics(ArmThatSays(answer), JOB) == {}
