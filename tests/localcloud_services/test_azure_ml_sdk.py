"""The real azure-ai-ml client against the stand-in, pointed at it in both ways that there are."""

from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from tests.localcloud_services.conftest import GUID, PHI, WORKSPACE, Served, job_body
from tests.localcloud_services.sdk import OURS, client, own_cloud, sdk_variables


@pytest.fixture(params=["its own cloud", "a variable"])
def ml(here: Served, request: pytest.FixtureRequest) -> Iterator[Any]:
    by_variable = request.param == "a variable"
    variables = {"AZUREML_DEV_URL_MFE": here.urls["arm"]} if by_variable else {}
    options = {} if by_variable else own_cloud(here)
    with sdk_variables(**variables), client(here, **OURS, **options) as ml:
        yield ml


def fine_tuning_job(name: str, training: str, asset: str) -> Any:
    from azure.ai.ml.entities._inputs_outputs import Input, Output
    from azure.ai.ml.entities._job.finetuning.custom_model_finetuning_job import CustomModelFineTuningJob

    return CustomModelFineTuningJob(
        name=name,
        task="ChatCompletion",
        model=Input(type="mlflow_model", path=PHI),
        training_data=Input(type="uri_file", path=training),
        hyperparameters={"num_train_epochs": "1", "per_device_train_batch_size": "1", "learning_rate": "0.0002"},
        experiment_name="tunedrop",
        outputs={"registered_model": Output(type="mlflow_model", name=asset)},
    )


def status_of(ml: Any, name: str) -> str:
    status = ml.jobs.get(name).status
    return str(getattr(status, "value", status))  # an enum's text on Python 3.11 is JobStatus.COMPLETED


def test_a_model_is_tuned_and_deployed_through_the_sdk(here: Served, ml: Any, request: pytest.FixtureRequest):
    from azure.ai.ml.entities import ServerlessEndpoint

    name = f"sdk-{'mfe' if 'variable' in request.node.name else 'cloud'}"
    training = here.drop("sdk/training.jsonl", [("Who?", "Me.")])
    created = ml.jobs.create_or_update(fine_tuning_job(name, training, name))
    assert created.status in ("NotStarted", "Queued")
    assert name in created.studio_url
    assert here.until(lambda: status_of(ml, name), "Completed", "Failed") == "Completed"
    assert name in [job.name for job in ml.jobs.list()]
    model = ml.models.get(name, label="latest")
    assert (model.version, model.job_name) == ("1", name)
    assert name in [listed.name for listed in ml.models.list()]
    workspace = ml.workspaces.get(WORKSPACE)
    model_id = (
        f"azureml://locations/{workspace.location}/workspaces/{workspace._workspace_id}/models/{name}/versions/1"
    )
    endpoint = ServerlessEndpoint(name=f"td-{name}", model_id=model_id)
    unpolled = ml.serverless_endpoints.begin_create_or_update(endpoint, polling=False).result()
    assert unpolled.provisioning_state == "creating"
    deployed = ml.serverless_endpoints.begin_create_or_update(endpoint).result()
    here.until(lambda: ml.serverless_endpoints.get(f"td-{name}").provisioning_state, "succeeded")
    assert deployed.scoring_uri == f"{here.urls['scoring']}/endpoints/td-{name}"
    assert len(ml.serverless_endpoints.get_keys(f"td-{name}").primary_key) == 32
    with pytest.raises(HttpResponseError, match="serves"):
        ml.models.archive(name, version="1")
    ml.serverless_endpoints.begin_delete(f"td-{name}").result()
    ml.models.archive(name, version="1")
    assert name not in [listed.name for listed in ml.serverless_endpoints.list()]


def test_a_failed_jobs_reason_and_a_cancellation_come_through_the_sdk(here: Served, ml: Any):
    kind = "fail-" + str(len(here.cloud.shared["workspace"].jobs))
    ml.jobs.create_or_update(fine_tuning_job(kind, here.drop("sdk/bad.jsonl", [("please fail", "yes")]), kind))
    here.until(lambda: status_of(ml, kind), "Failed")
    details = ml.jobs._runs_operations.get_run_details(kind)
    assert details.error.error.message == "trainer: line 1: the example is bad; mend it"
    hanging = f"{kind}-hang"
    ml.jobs.create_or_update(fine_tuning_job(hanging, here.drop("sdk/hang.jsonl", [("please hang", "yes")]), kind))
    here.until(lambda: status_of(ml, hanging), "Running")
    ml.jobs.begin_cancel(hanging).result()
    assert ml.jobs.get(hanging).status == "Canceled"


def test_the_sdk_raises_what_its_users_expect(ml: Any):
    with pytest.raises(ResourceNotFoundError):
        ml.jobs.get("never-submitted")
    with pytest.raises(ResourceNotFoundError):
        ml.serverless_endpoints.get("td-never")
    with pytest.raises(HttpResponseError, match="deep-lr") as refused:
        ml.jobs.create_or_update(_with_hyperparameter("deep-lr", "1"))
    assert refused.value.status_code == 400
    assert ml.datastores.get_default().container_name == "azureml"


def _with_hyperparameter(name: str, value: str) -> Any:
    job = fine_tuning_job("refused", "azureml://datastores/tunedrop/paths/x.jsonl", "refused")
    job.hyperparameters[name] = value
    return job


def test_the_workspace_id_of_the_model_id_is_the_workspaces_own(ml: Any):
    assert ml.workspaces.get(WORKSPACE)._workspace_id == GUID
    assert job_body("x")["properties"]["jobType"] == "FineTuning"
