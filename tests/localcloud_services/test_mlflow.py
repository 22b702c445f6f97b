"""A command job logs its metrics over MLflow's REST API, with its own token only."""

from typing import Any

import pytest

from localcloud.identity import token_for
from tests.localcloud_services.commands import prepared, submit
from tests.localcloud_services.conftest import Answer, Served, W

LOSS = {"key": "train_loss", "value": 2.5, "timestamp": 1_700_000_000_000, "step": 10}
LOGS = """
import json, os, urllib.request
base = os.environ["MLFLOW_TRACKING_URI"].replace("azureml:", "https:").replace("/v1.0/", "/v2.0/")
metric = {"key": "eval_loss", "value": 1.5, "timestamp": 1, "step": 3}
body = {"run_id": os.environ["MLFLOW_RUN_ID"], "metrics": [metric]}
headers = {"Authorization": "Bearer " + os.environ["MLFLOW_TRACKING_TOKEN"], "Content-Type": "application/json"}
request = urllib.request.Request(base + "/api/2.0/mlflow/runs/log-batch", json.dumps(body).encode(), headers)
with urllib.request.urlopen(request) as answer:
    print(answer.status)
"""


@pytest.fixture(scope="module")
def cloud(here: Served) -> Served:
    """A cloud with a job that has run; it logged one metric by itself."""
    prepared(here)
    here.blobs["reports/code/logs/logs.py"] = LOGS.encode()
    path = "azureml://datastores/tunedrop/paths/code/logs"
    here.arm("PUT", "/codes/logs/versions/1", "2024-10-01", {"properties": {"codeUri": path}})
    command = "python logs.py --num_train_epochs 3 --learning_rate=2e-05 --output ${{outputs.work}} --packing"
    submit(here, "logging", command=command, codeId=f"{W}/codes/logs/versions/1")
    assert here.until(lambda: here.job_status("logging"), "Completed", "Failed") == "Completed"
    return here


def log(cloud: Served, body: dict[str, Any], token: str | None = None, call: str = "runs/log-batch") -> Answer:
    job = cloud.cloud.shared["workspace"].jobs["logging"]
    headers = {"Authorization": f"Bearer {job.token if token is None else token}"}
    url = f"{cloud.urls['arm']}/mlflow/v2.0{W}/api/2.0/mlflow/{call}"
    return cloud.call("POST", url, {"run_id": "logging", **body}, audience=None, headers=headers)


def read(cloud: Served, call: str) -> Any:
    return cloud.call("GET", f"{cloud.urls['arm']}/mlflow/v2.0{W}/api/2.0/mlflow/{call}").body


def test_what_a_job_logs_is_read_back(cloud: Served):
    history = read(cloud, "metrics/get-history?run_id=logging&metric_key=eval_loss")["metrics"]
    assert history == [{"key": "eval_loss", "value": 1.5, "timestamp": 1, "step": 3}]
    assert log(cloud, {"metrics": [LOSS, LOSS | {"value": 1.25, "step": 20}]}).status == 200
    assert log(cloud, LOSS | {"key": "tokens"}, call="runs/log-metric").status == 200
    run = read(cloud, "runs/get?run_id=logging")["run"]
    latest = {metric["key"]: (metric["value"], metric["step"]) for metric in run["data"]["metrics"]}
    assert latest == {"eval_loss": (1.5, 3), "train_loss": (1.25, 20), "tokens": (2.5, 10)}
    assert run["info"]["status"] == "FINISHED"


def test_a_commands_options_are_its_parameters_until_it_logs_some(cloud: Served):
    told = read(cloud, "runs/get?run_id=logging")["run"]["data"]["params"]
    assert {one["key"]: one["value"] for one in told} == {"num_train_epochs": "3", "learning_rate": "2e-05"}
    assert log(cloud, {"params": [{"key": "lora_r", "value": "16"}]}).status == 200
    told = read(cloud, "runs/get?run_id=logging")["run"]["data"]["params"]
    assert told == [{"key": "lora_r", "value": "16"}]


def test_another_token_may_not_log(cloud: Served):
    other = token_for("https://management.azure.com").token
    assert (log(cloud, {}, other).status, log(cloud, {}, "x").status) == (403, 401)
    assert log(cloud, {"run_id": "nobody"}).status == 404


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"metrics": [LOSS] * 1001}, "at most 1000"),
        ({"params": [{"key": "k", "value": "v"}] * 101}, "at most 100"),
        ({"metrics": {"train_loss": 2.5}}, "not an array of objects"),
        ({"metrics": [1]}, "not an array of objects"),
        ({"metrics": [LOSS | {"value": "2.5"}]}, "no number"),
        ({"metrics": [LOSS | {"value": True}]}, "no number"),
        ({"metrics": [LOSS | {"timestamp": None}]}, "timestamp"),
        ({"metrics": [LOSS | {"step": 1.5}]}, "step"),
        ({"metrics": [LOSS | {"key": ""}]}, "no key"),
        ({"params": [{"key": "k", "value": 1}]}, "parameter"),
    ],
)
def test_what_mlflow_would_not_take_is_refused(cloud: Served, body: dict[str, Any], said: str):
    answer = log(cloud, body)
    assert (answer.status, answer.code, said in answer.message) == (400, "INVALID_PARAMETER_VALUE", True)
