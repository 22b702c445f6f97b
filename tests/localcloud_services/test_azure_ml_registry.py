"""The registry `azureml` and the quota of a region, as the SDK and plain REST read them."""

from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError

from localcloud.azure_ml.instances import INSTANCES
from localcloud.azure_ml.registry import registry_model
from tests.localcloud_services.conftest import SUBSCRIPTION, Served
from tests.localcloud_services.sdk import OURS, client, own_cloud, sdk_variables

A100 = "standardNCADSA100v4Family"
LOCATION = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.MachineLearningServices/locations/eastus2"
PHI = "azureml://registries/azureml/models/Phi-3-mini-4k-instruct"


@pytest.fixture
def registry(here: Served) -> Iterator[Any]:
    with sdk_variables(), client(here, registry_name="azureml", **own_cloud(here)) as registry:
        yield registry


@pytest.fixture
def quota(here: Served) -> Iterator[dict[str, int]]:
    yield here.cloud.control.quota
    here.cloud.control.quota.clear()


def test_the_sdk_finds_the_models_that_can_be_trained(registry: Any):
    model = registry.models.get("Phi-3-mini-4k-instruct", "14")
    assert (model.name, model.version) == ("Phi-3-mini-4k-instruct", "14")
    newest = registry.models.get("Phi-3.5-mini-instruct", label="latest")
    assert newest.version == "6"
    assert len(list(registry.models.list("Phi-3-mini-128k-instruct"))) == 13


@pytest.mark.parametrize(("name", "version"), [("Phi-2", "1"), ("Phi-3-mini-4k-instruct", "99")])
def test_what_is_not_there_is_not_found(registry: Any, name: str, version: str):
    with pytest.raises(ResourceNotFoundError, match=name):
        registry.models.get(name, version)


@pytest.mark.parametrize(
    ("uri", "found"),
    [
        (f"{PHI}/versions/14", ("Phi-3-mini-4k-instruct", 14)),
        (f"{PHI}/labels/latest", ("Phi-3-mini-4k-instruct", 15)),
        (f"{PHI}/versions/16", None),
        (f"{PHI}/versions/0", None),
        (PHI, None),
        (f"{PHI}/versions/14".replace("registries/azureml", "registries/other"), None),
        (f"{PHI}/versions/14".replace("Phi-3", "Phi-2"), None),
    ],
)
def test_an_id_names_a_model_of_the_registry_or_nothing(uri: str, found: tuple[str, int] | None):
    assert registry_model(uri) == found


def test_usages_tell_the_limit_of_each_family(here: Served, quota: dict[str, int]):
    quota[A100] = 0
    usages = here.call("GET", f"{here.urls['arm']}{LOCATION}/usages?api-version=2024-10-01").body["value"]
    told = {(usage["name"]["value"], usage["type"].split("/", 1)[1]): usage["limit"] for usage in usages}
    assert told["TotalLowPriorityCores", "lowPriorityCores/usages"] == 300
    assert told[A100, "vmFamily/dedicatedCores/usages"] == 0
    assert told[A100, "vmFamily/lowPriorityCores/usages"] == -1
    assert told["standardDSv2Family", "vmFamily/dedicatedCores/usages"] == 100
    quotas = here.call("GET", f"{here.urls['arm']}{LOCATION}/quotas?api-version=2024-10-01").body["value"]
    assert {quota["limit"] for quota in quotas if quota["name"]["value"] == A100} == {0}


def test_the_sdk_reads_sizes_and_usages(here: Served):
    with sdk_variables(), client(here, **OURS, **own_cloud(here)) as ml:
        sizes = {size.name: size for size in ml.compute.list_sizes()}
        limits = {usage.name["value"]: usage.limit for usage in ml.compute.list_usage()}
    assert len(sizes) == len(INSTANCES)
    assert (sizes["Standard_NC24ads_A100_v4"].gpus, sizes["Standard_NC24ads_A100_v4"].family) == (1, A100)
    assert limits["TotalLowPriorityCores"] == 300
