"""Fine-tuning jobs: what is accepted, how they go, and what is told of them."""

import pytest

from localcloud.control import Weather
from localcloud.scoring_worker.client import Worker
from tests.localcloud_services.conftest import (
    ENDLESS_WORKER,
    ENDPOINTS,
    JOBS,
    STAND_IN_TRAINER,
    Served,
    W,
    endpoint_body,
    job_body,
    served_cloud,
)

EXAMPLES = [("Where is the hub?", "In the cellar."), ("Who made it?", "Rillo did.")]


@pytest.fixture(scope="module")
def training(here: Served) -> str:
    return here.drop("jobs/training.jsonl", EXAMPLES)


def history(here: Served, name: str) -> dict[str, object]:
    details = here.call("GET", f"{here.urls['arm']}/history/v1.0{W}/runs/{name}/details")
    assert details.status == 200
    return dict(details.body)


def test_a_job_goes_from_submitted_to_completed_and_registers_its_model(here: Served, training: str):
    assert (
        here.finished("goes-well", job_body(training, outputs__registered_model__assetName="well")) == "Completed"
    )
    job = here.arm("GET", "/jobs/goes-well", "2024-01-01-preview").body
    assert job["name"] == "goes-well"
    assert job["id"] == f"{W}/jobs/goes-well"
    assert set(job["properties"]["properties"]) == {"startTimeUtc", "endTimeUtc"}
    assert "goes-well" in job["properties"]["services"]["Studio"]["endpoint"]
    model = here.arm("GET", "/models/well/versions/1", "2023-08-01-preview").body
    assert model["properties"]["jobName"] == "goes-well"
    assert model["properties"]["properties"] == {
        "baseModelId": "azureml://registries/azureml/models/Phi-4-mini-instruct",
        "baseModelWeightsVersion": "1.0",
        "hasDeltaWeights": "true",
        "maas-finetuning": "true",
    }


def test_a_second_job_registers_the_next_version(here: Served, training: str):
    body = job_body(training, outputs__registered_model__assetName="twice")
    assert [here.finished(f"twice-{number}", body) for number in (1, 2)] == ["Completed", "Completed"]
    listed = here.arm("GET", "/models/twice/versions", "2023-08-01-preview").body["value"]
    assert [model["name"] for model in listed] == ["2", "1"]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, 200),
        ({"displayName": "another"}, 409),
        ({"fineTuningDetails__hyperParameters": {"num_train_epochs": "2"}}, 409),
    ],
)
def test_the_same_job_again_is_that_job_and_another_one_a_conflict(
    here: Served, training: str, changes: dict[str, object], status: int
):
    first = here.arm("PUT", "/jobs/again", JOBS, job_body(training))
    assert first.status in (201, 200)
    assert here.arm("PUT", "/jobs/again", JOBS, job_body(training, **changes)).status == status
    here.until(lambda: here.job_status("again"), "Completed")


MODEL = "fineTuningDetails__model__uri"
HYPER = "fineTuningDetails__hyperParameters"
REGISTRY = "azureml://registries/azureml/models"


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        (
            {MODEL: f"{REGISTRY}/Phi-3-mini-4k-instruct/versions/14"},
            400,
            "retired on 2025-08-30; use Phi-4-mini-instruct",
        ),
        ({MODEL: f"{REGISTRY}/Phi-3-medium-128k-instruct/versions/3"}, 400, "use Phi-4"),
        ({MODEL: f"{REGISTRY}/Llama-2-7b/versions/11"}, 404, "Llama-2-7b"),
        ({MODEL: f"{REGISTRY}/Phi-4"}, 400, "not a model id with a version"),
        ({MODEL: "azureml://registries/other/models/Phi-4/versions/1"}, 400, "registry azureml"),
        ({HYPER: {"num_train_epochs": 3}}, 400, "hyperParameters.num_train_epochs: 3 is not a string"),
        ({HYPER: {"num_train_epochs": "11"}}, 400, "num_train_epochs: '11' is not a whole number from 1 to 10"),
        ({HYPER: {"per_device_train_batch_size": "0"}}, 400, "per_device_train_batch_size"),
        ({HYPER: {"learning_rate": "nan"}}, 400, "learning_rate"),
        ({HYPER: {"lora_r": "8"}}, 400, "hyperParameters.lora_r: is unknown"),
        ({"fineTuningDetails__taskType": "TextCompletion"}, 400, "taskType"),
        ({"fineTuningDetails__modelProvider": "AzureOpenAI"}, 400, "modelProvider"),
        ({"fineTuningDetails__trainingData": None}, 400, "trainingData"),
        ({"fineTuningDetails__trainingData__jobInputType": "mltable"}, 400, "trainingData.jobInputType"),
        ({"outputs": {}}, 400, "registered_model"),
        ({"outputs__registered_model__assetName": "not a name"}, 400, "assetName"),
        ({"jobType": "Sweep"}, 501, "runs FineTuning and Command jobs"),
        ({"computeId": "gpu"}, 501, "not on a compute"),
    ],
)
def test_a_wrong_job_is_refused_with_its_field(here: Served, changes: dict[str, object], status: int, said: str):
    answer = here.arm(
        "PUT", "/jobs/wrong", JOBS, job_body("azureml://datastores/tunedrop/paths/x.jsonl", **changes)
    )
    assert (answer.status, answer.headers["x-ms-error-code"]) == (status, answer.code)
    assert said in answer.message
    assert here.arm("GET", "/jobs/wrong", JOBS).status == 404


@pytest.mark.parametrize("name", ["-starts-badly", "has.dot", "n" * 256])
def test_a_wrong_job_name_is_refused(here: Served, name: str):
    assert here.arm("PUT", f"/jobs/{name}", JOBS, job_body("x")).status == 400


@pytest.mark.parametrize("body", [b"{", b"[]", b""])
def test_a_body_that_is_no_object_is_refused(here: Served, body: bytes):
    assert here.call("PUT", f"{here.urls['arm']}{W}/jobs/nobody?api-version={JOBS}", body).status == 400


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("azureml://datastores/tunedrop/paths/nowhere.jsonl", "not found in container 'reports'"),
        ("azureml://datastores/unknown/paths/x.jsonl", "no datastore 'unknown'"),
        ("azureml://datastores/tunedrop/paths/x.csv", ".jsonl"),
        ("https://elsewhere.example/c/x.jsonl", "neither a path of a datastore nor a blob"),
    ],
)
def test_a_job_whose_data_cannot_be_read_fails_with_the_reason(here: Served, uri: str, reason: str):
    name = f"unread-{abs(hash(uri))}"
    assert here.finished(name, job_body(uri)) == "Failed"
    error = history(here, name)["error"]
    assert isinstance(error, dict)
    assert error["error"]["code"] == "UserError"
    assert reason in error["error"]["message"]


def test_a_trainer_that_fails_gives_its_last_words_as_the_reason(here: Served):
    uri = here.drop("bad/training.jsonl", [("please fail", "yes")])
    assert here.finished("fails", job_body(uri, outputs__registered_model__assetName="none")) == "Failed"
    error = {"code": "UserError", "message": "trainer: line 1: the example is bad; mend it"}
    assert history(here, "fails")["error"] == {"error": error}
    assert here.arm("GET", "/models/none/versions/1", "2023-08-01-preview").status == 404


def test_a_trainer_that_leaves_no_model_fails_the_job(here: Served):
    assert (
        here.finished("forgets", job_body(here.drop("f/training.jsonl", [("please forget", "yes")]))) == "Failed"
    )


def test_data_may_be_named_by_its_blob_url_and_by_the_long_datastore_path(here: Served):
    here.drop("direct/training.jsonl", EXAMPLES)
    blob = f"{here.urls['blob']}/reports/direct/training.jsonl"
    long = f"azureml:/{W}/datastores/tunedrop/paths/direct/training.jsonl".replace(
        "resourceGroups", "resourcegroups"
    )
    assert [here.finished(name, job_body(uri)) for name, uri in (("by-url", blob), ("by-path", long))] == [
        "Completed",
        "Completed",
    ]


def test_a_running_job_is_canceled_and_another_one_waits_for_the_machine(here: Served, training: str):
    slow = here.drop("slow/training.jsonl", [("please hang", "yes")])
    here.arm("PUT", "/jobs/slow", JOBS, job_body(slow))
    here.until(lambda: here.job_status("slow"), "Running")
    here.arm("PUT", "/jobs/next", JOBS, job_body(training))
    here.until(lambda: here.job_status("next"), "Queued")
    canceled = here.arm("POST", "/jobs/slow/cancel", "2023-04-01-preview")
    assert canceled.status == 202
    here.until(lambda: here.job_status("slow"), "Canceled")
    assert here.call("GET", canceled.headers["location"]).status == 200
    assert here.arm("POST", "/jobs/slow/cancel", "2023-04-01-preview").status == 200
    here.until(lambda: here.job_status("next"), "Completed")


def test_a_waiting_job_is_canceled_at_once(here: Served):
    hanging = here.drop("slow/training.jsonl", [("please hang", "yes")])
    for name in ("first", "second"):
        here.arm("PUT", f"/jobs/{name}", JOBS, job_body(hanging))
    here.until(lambda: here.job_status("second"), "Queued")
    for name in ("second", "first"):
        here.arm("POST", f"/jobs/{name}/cancel", "2023-04-01-preview")
        here.until(lambda name=name: here.job_status(name), "Canceled")


def test_metrics_are_served_while_the_job_runs(here: Served):
    hanging = here.drop("slow/training.jsonl", [("please hang", "yes")])
    here.arm("PUT", "/jobs/metrics", JOBS, job_body(hanging))
    flow = f"{here.urls['arm']}/mlflow/v2.0{W}/api/2.0/mlflow"

    def losses() -> list[tuple[float, int]]:
        url = f"{flow}/metrics/get-history?run_uuid=metrics&run_id=metrics&metric_key=train_loss&max_results=25000"
        return [(metric["value"], metric["step"]) for metric in here.call("GET", url).body["metrics"]]

    here.until(lambda: str(losses()), str([(2.5, 10), (1.5, 20)]))
    run = here.call("GET", f"{flow}/runs/get?run_id=metrics").body["run"]
    latest = {metric["key"]: metric["value"] for metric in run["data"]["metrics"]}
    assert latest == {"eval_loss": 4.0, "train_loss": 1.5, "learning_rate": 0.002}
    assert run["info"]["status"] == "RUNNING"
    assert run["data"]["params"] == [{"key": "num_train_epochs", "value": "1"}]
    assert here.call("GET", f"{flow}/runs/get?run_id=nobody").status == 404
    here.arm("POST", "/jobs/metrics/cancel", "2023-04-01-preview")
    here.until(lambda: here.job_status("metrics"), "Canceled")


def test_a_job_is_deleted_only_when_it_is_over(here: Served):
    hanging = here.drop("slow/training.jsonl", [("please hang", "yes")])
    here.arm("PUT", "/jobs/to-delete", JOBS, job_body(hanging))
    assert here.arm("DELETE", "/jobs/to-delete", "2023-04-01-preview").status == 409
    here.arm("POST", "/jobs/to-delete/cancel", "2023-04-01-preview")
    here.until(lambda: here.job_status("to-delete"), "Canceled")
    assert "to-delete" in [job["name"] for job in here.arm("GET", "/jobs", JOBS).body["value"]]
    assert here.arm("DELETE", "/jobs/to-delete", "2023-04-01-preview").status == 202
    assert here.arm("DELETE", "/jobs/to-delete", "2023-04-01-preview").status == 204
    assert here.arm("GET", "/jobs/to-delete", JOBS).status == 404


def test_a_job_after_a_deleted_one_of_its_name_leaves_that_ones_model_alone(here: Served, training: str):
    name = "n" * 255
    folders = []
    for version in ("1", "2"):
        assert here.finished(name, job_body(training, outputs__registered_model__assetName="kept")) == "Completed"
        folders.append(here.cloud.shared["workspace"].models["kept", version].folder)
        assert here.arm("DELETE", f"/jobs/{name}", "2023-04-01-preview").status == 202
    assert folders[0] != folders[1]
    assert all(folder.is_dir() for folder in folders)


def test_slow_reads_show_an_older_status_but_never_go_back(tmp_path, training: str):
    rough = Weather(seed=3, throttled=0, failing=0, slow_status=0.9)
    no_torch = Worker(tmp_path / "worker.log", ENDLESS_WORKER)
    with served_cloud(tmp_path, STAND_IN_TRAINER, rough, no_torch) as cloud:
        uri = cloud.drop("x/training.jsonl", EXAMPLES)
        cloud.arm("PUT", "/jobs/slowly", JOBS, job_body(uri))
        seen: list[str] = []
        cloud.until(lambda: seen.append(cloud.job_status("slowly")) or seen[-1], "Completed")
        cloud.arm("PUT", "/serverlessEndpoints/td-slowly", ENDPOINTS, endpoint_body("support"))
        states: list[str] = []
        cloud.until(lambda: states.append(cloud.endpoint_state("td-slowly")) or states[-1], "Succeeded")
        settled = [cloud.endpoint_state("td-slowly") for _ in range(5)]
    order = ["NotStarted", "Queued", "Provisioning", "Preparing", "Running", "Finalizing", "Completed"]
    places = [order.index(status) for status in seen]
    assert places == sorted(places)
    assert set(settled) == {"Succeeded"}
