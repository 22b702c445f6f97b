"""Before a job costs money: what would make it fail is told, what may not be read stops nothing."""

from collections.abc import Callable

import pytest

from shared.core.base_models import UnknownBaseModel
from shared.errors import ServiceRefused, ServiceUnavailable
from shared.preflight import Site, obstacle
from shared.settings import settings_and_faults
from tests.fakes.azure_site import DISCOVERY, ENVIRONMENT, NOW, SIZES, VCPUS, WEIGHTS, WORKSPACE, FakeAzure

DATASTORE = f"{WORKSPACE}/datastores/tunedrop"


def asked(azure: FakeAzure, model: str = "Phi-4") -> str | None:
    return obstacle(model, Site(azure, settings_and_faults(ENVIRONMENT)[0], lambda: NOW))


@pytest.mark.parametrize(
    ("model", "spoil", "reason"),
    [
        ("Phi-4", lambda azure: None, None),
        ("Phi-4-mini-instruct", lambda azure: None, None),
        ("Phi-3-mini-4k-instruct", lambda azure: None, None),
        ("Phi-3-mini-4k-instruct", lambda azure: azure.resources[WORKSPACE].update(location="westeurope"), None),
        ("Phi-3-mini-4k-instruct", lambda azure: azure.resources.pop(DATASTORE), "no datastore tunedrop"),
        ("Phi-3-small-8k-instruct", lambda azure: None, "use Phi-4-mini-instruct instead"),
        ("Phi-3-medium-4k-instruct", lambda azure: None, "use Phi-4 instead"),
        ("Phi-4", lambda azure: azure.resources[WORKSPACE].update(location="westeurope"), "is in westeurope"),
        ("Phi-4", lambda azure: azure.resources.pop(WORKSPACE), "there is no Azure ML workspace ws"),
        ("Phi-4", lambda azure: azure.resources.pop(DATASTORE), "no datastore tunedrop"),
        (
            "Phi-4",
            lambda azure: azure.resources[DATASTORE]["properties"].update(accountName="other"),
            "shows other/reports, and jobs' files lie in sttd/reports",
        ),
        ("Phi-4", lambda azure: azure.failing.update({DATASTORE: ServiceRefused("a", "no", 403)}), None),
    ],
)
def test_what_would_fail_is_told_before_a_job_is_submitted(
    model: str, spoil: Callable[[FakeAzure], object], reason: str | None
):
    azure = FakeAzure()
    spoil(azure)
    found = asked(azure, model)
    assert found is None if reason is None else reason in (found or "")


def test_an_unknown_base_model_is_none():
    with pytest.raises(UnknownBaseModel):
        asked(FakeAzure(), "Phi-5")


def test_azure_that_does_not_answer_is_asked_again_later():
    with pytest.raises(ServiceUnavailable):
        asked(FakeAzure(failing={WORKSPACE: ServiceUnavailable("azure", "away")}))


A100 = f"{VCPUS}/standardNCADSA100v4Family"


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (
            lambda azure: azure.resources.pop(WEIGHTS),
            "the registry azureml has no Phi-3-mini-4k-instruct in version",
        ),
        (lambda azure: azure.resources[A100].update(limit=0), "eastus2, and the limit is 0"),
        (lambda azure: azure.resources[A100].update(currentValue=96), None),  # the job waits its turn
        (
            lambda azure: azure.resources.pop(f"{SIZES}/Standard_NC24ads_A100_v4"),
            "has no Standard_NC24ads_A100_v4",
        ),
        (lambda azure: azure.resources.pop(DISCOVERY), None),
        (lambda azure: azure.resources[DISCOVERY].pop("subscriptionId"), None),
        (lambda azure: azure.failing.update({VCPUS: ServiceRefused("a", "no", 403)}), None),
        (lambda azure: azure.failing.update({DISCOVERY: ServiceUnavailable("a", "away")}), None),
    ],
)
def test_on_gpus_weights_and_quota_are_looked_at_as_far_as_they_can_be_read(
    spoil: Callable[[FakeAzure], object], reason: str | None
):
    azure = FakeAzure()
    spoil(azure)
    found = asked(azure, "Phi-3-mini-4k-instruct")
    assert found is None if reason is None else reason in (found or "")
    assert asked(azure, "Phi-4") is None


def test_what_cannot_be_read_of_one_thing_hides_nothing_of_another():
    azure = FakeAzure(failing={DISCOVERY: ServiceRefused("a", "no", 403)})
    azure.resources[A100]["limit"] = 0
    assert "the limit is 0" in (asked(azure, "Phi-3-mini-4k-instruct") or "")
