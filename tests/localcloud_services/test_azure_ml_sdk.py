"""The real azure-ai-ml client against the stand-in, pointed at it in both ways that there are."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.core.pipeline.transport import RequestsTransport

from localcloud.identity import LocalCredential
from tests.localcloud_services.conftest import GROUP, GUID, PHI, SUBSCRIPTION, WORKSPACE, Served, job_body

CLOUD_VARIABLES = ("AZUREML_CURRENT_CLOUD", "AZUREML_DEV_URL_MFE")


@contextmanager
def client(here: Served, **options: Any) -> Iterator[Any]:
    """Give a client whose connections are closed at the end: it cannot close them itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its schemas are written for an older marshmallow
        from azure.ai.ml import MLClient
    with RequestsTransport(connection_verify=str(here.cloud.ca_file)) as transport:
        yield _client(MLClient, here, transport=transport, **options)


def _client(kind: Any, here: Served, **options: Any) -> Any:
    return kind(
        LocalCredential(),
        SUBSCRIPTION,
        GROUP,
        WORKSPACE,
        enable_telemetry=False,
        retry_total=0,
        polling_interval=0.1,
        show_progress=False,
        **options,
    )


def own_cloud(here: Served) -> dict[str, Any]:
    arm = here.urls["arm"]
    metadata = {
        "azure_portal": "https://portal.azure.com",
        "resource_manager": arm,
        "active_directory": arm,
        "aml_resource_id": arm,
        "storage_endpoint": "core.windows.net",
        "registry_discovery_endpoint": arm,
    }
    return {"cloud": f"Local{arm.rpartition(':')[2]}", "cloud_metadata": metadata}


@pytest.fixture(params=["its own cloud", "a variable"])
def ml(here: Served, request: pytest.FixtureRequest) -> Iterator[Any]:
    kept = {name: os.environ.pop(name, None) for name in CLOUD_VARIABLES}
    if request.param == "a variable":
        os.environ["AZUREML_DEV_URL_MFE"] = here.urls["arm"]
        options = {}
    else:
        options = own_cloud(here)
    with client(here, **options) as ml:
        yield ml
    for name, value in kept.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value


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
