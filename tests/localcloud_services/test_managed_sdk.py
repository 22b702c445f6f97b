"""Command jobs and online endpoints through the real azure-ai-ml client."""

import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from tests.localcloud_services.commands import CODE, IMAGE, PHI3, prepared
from tests.localcloud_services.conftest import Served
from tests.localcloud_services.sdk import OURS, client, own_cloud, sdk_variables

# The SDK checks a job with schemas that are written for an older marshmallow.
pytestmark = pytest.mark.filterwarnings("ignore:The .context. parameter is deprecated:DeprecationWarning")

SIZE = "Standard_NC24ads_A100_v4"
POLL = "azure.ai.ml.operations._online_deployment_operations.LROConfigurations.POLL_INTERVAL"


@pytest.fixture(scope="module")
def cloud(here: Served) -> Served:
    return prepared(here)


@pytest.fixture
def ml(cloud: Served) -> Iterator[Any]:
    with sdk_variables(), client(cloud, **OURS, **own_cloud(cloud)) as ml:
        yield ml


@pytest.fixture
def name() -> str:
    return f"tm-{secrets.token_hex(6)}"


def a_command(name: str, words: str = "", **options: Any) -> Any:
    from azure.ai.ml import Input, Output, command

    return command(
        name=name,
        command=f"python -m show ${{{{outputs.model}}}} ${{{{inputs.weights}}}} ${{{{inputs.epochs}}}} {words}",
        code=CODE,
        environment="azureml:sdk:1",
        experiment_name="tunedrop",
        inputs={"weights": Input(type="custom_model", path=PHI3, mode="ro_mount"), "epochs": 3},
        outputs={"model": Output(type="custom_model", name=name, version="1", mode="rw_mount")},
        timeout=3600,
        **options,
    )


@pytest.fixture
def environment(ml: Any) -> Any:
    from azure.ai.ml.entities import Environment

    conda = {"name": "sdk", "dependencies": ["python=3.11", {"pip": ["msgspec"]}]}
    return ml.environments.create_or_update(
        Environment(name="sdk", version="1", image=IMAGE, conda_file=conda, description="")
    )


def status_of(ml: Any, name: str) -> str:
    status = ml.jobs.get(name).status
    return str(getattr(status, "value", status))


def trained(cloud: Served, ml: Any, name: str) -> str:
    machine = {"instance_type": SIZE, "instance_count": 1, "job_tier": "Spot"}
    ml.jobs.create_or_update(a_command(name, **machine))
    assert cloud.until(lambda: status_of(ml, name), "Completed", "Failed") == "Completed"
    return name


@pytest.mark.usefixtures("environment")
def test_a_command_runs_and_its_model_is_found(cloud: Served, ml: Any, name: str):
    trained(cloud, ml, name)
    model = ml.models.get(name, "1")
    assert (model.type, model.job_name) == ("custom_model", name)
    job = ml.jobs.get(name)
    assert (job.limits.timeout, job.resources.instance_type) == (3600, SIZE)
    assert name in [listed.name for listed in ml.jobs.list()]


@pytest.mark.usefixtures("environment")
def test_a_command_on_a_cluster_may_have_several_processes_and_be_canceled(cloud: Served, ml: Any, name: str):
    from azure.ai.ml import PyTorchDistribution

    several = PyTorchDistribution(process_count_per_instance=2)
    ml.jobs.create_or_update(a_command(name, "stay", compute="gpu-cluster", distribution=several))
    folder = cloud.cloud.shared["workspace"].jobs[name].folder / "outputs/model/been.here"
    cloud.until(lambda: "there" if folder.exists() else "", "there")
    assert ml.compute.get("gpu-cluster").size == SIZE
    ml.jobs.begin_cancel(name).result()
    assert cloud.until(lambda: status_of(ml, name), "Canceled", "Failed", "Completed") == "Canceled"


@pytest.mark.usefixtures("environment")
def test_a_refusal_names_the_field(ml: Any, name: str):
    with pytest.raises(HttpResponseError, match=r"resources\.instanceType") as refused:
        ml.jobs.create_or_update(a_command(name, instance_type="Standard_Huge", instance_count=1))
    assert refused.value.status_code == 400


@pytest.mark.usefixtures("environment")
def test_an_endpoint_is_created_deployed_given_traffic_and_deleted(
    cloud: Served, ml: Any, name: str, monkeypatch: pytest.MonkeyPatch
):
    from azure.ai.ml.entities import (
        CodeConfiguration,
        ManagedOnlineDeployment,
        ManagedOnlineEndpoint,
        OnlineRequestSettings,
    )

    monkeypatch.setattr(POLL, 0.1)
    trained(cloud, ml, name)
    created = ml.online_endpoints.begin_create_or_update(
        ManagedOnlineEndpoint(name=name, auth_mode="key")
    ).result()
    assert created.scoring_uri == f"{cloud.urls['scoring']}/online/{name}/score"
    deployment = ManagedOnlineDeployment(
        name="tuned",
        endpoint_name=name,
        model=f"azureml:{name}:1",
        environment="azureml:sdk:1",
        code_configuration=CodeConfiguration(code=CODE, scoring_script="show/__main__.py"),
        instance_type=SIZE,
        instance_count=1,
        request_settings=OnlineRequestSettings(request_timeout_ms=180_000),
    )
    deployed = ml.online_deployments.begin_create_or_update(deployment).result()
    assert (deployed.provisioning_state, deployed.instance_type) == ("Succeeded", SIZE)
    created.traffic = {"tuned": 100}
    ml.online_endpoints.begin_create_or_update(created).result()
    assert ml.online_endpoints.get(name).traffic == {"tuned": 100}
    assert "three" in ml.online_deployments.get_logs("tuned", name, lines=10)
    keys = ml.online_endpoints.get_keys(name)
    ml.online_endpoints.begin_regenerate_keys(name, key_type="secondary").result()
    assert ml.online_endpoints.get_keys(name).primary_key == keys.primary_key
    assert ml.online_endpoints.get_keys(name).secondary_key != keys.secondary_key
    assert [listed.name for listed in ml.online_deployments.list(name)] == ["tuned"]
    assert name in [listed.name for listed in ml.online_endpoints.list()]
    ml.online_endpoints.begin_delete(name).result()
    with pytest.raises(ResourceNotFoundError):
        ml.online_endpoints.get(name)
