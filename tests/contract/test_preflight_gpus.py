"""The preflight of a base model that trains on GPUs, over the local cloud: each planted fault is named."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from shared.core.run import Run
from shared.errors import ServiceRefused
from shared.gateways.azure_ml import AzureTraining
from shared.gateways.azure_reads import AzureReads
from shared.ports import PREFLIGHT
from shared.preflight import CHECKS, Line, Site, Status, look, obstacle
from tests.contract.conftest import Real
from tests.fakes.azure_site import NOW

PHI_3 = "Phi-3-mini-4k-instruct"
CHECK = {check.name: check for check in CHECKS}
EMPTY: dict[str, Any] = {"value": []}


def site_of(real: Real, **settings: str) -> Site:
    changed = replace(real.settings, base_model=PHI_3, **settings)
    return Site(AzureReads(changed, real.credential), changed, lambda: NOW)


def lines_of(check: str, site: Site) -> list[Line]:
    return [told.line for told in look(site, [CHECK[check]])]


def arm(match: str, status: int = 200, body: Any = None) -> dict[str, Any]:
    return {"service": "arm", "match": match, "times": 99, "status": status, "body": body}


@pytest.fixture
def set_quota(real: Real) -> Iterator[Callable[..., None]]:
    """Take quota away, for one test."""
    yield real.cloud.set_quota
    real.cloud.set_quota()


@pytest.mark.parametrize(
    ("check", "changed", "says", "mend"),
    [
        ("GPU machines", {"hosting_instance": "Standard_DS3_v2"}, "and hosting needs 1", "HOSTING_INSTANCE"),
        ("GPU machines", {"training_instance": "Standard_X1"}, "eastus2 has no Standard_X1", "TRAINING_INSTANCE"),
        ("GPU machines", {"training_gpus": "2"}, "has 1 GPU, and training needs 2", "az ml compute list-sizes"),
        ("GPU compute", {"training_compute": "other"}, "has no compute other", "az ml compute create"),
    ],
)
def test_a_setting_that_no_machine_fits_is_named(real: Real, check, changed, says, mend):
    lines = lines_of(check, site_of(real, **changed))
    (wrong,) = [line for line in lines if line.status is Status.MISSING]
    assert (says in wrong.says, mend in wrong.mend) == (True, True), wrong


@pytest.mark.parametrize(
    ("tier", "family"), [("standard", "standardNCADSA100v4Family"), ("spot", "TotalLowPriorityCores")]
)
def test_quota_that_was_taken_away_is_named(real: Real, set_quota: Callable[..., None], tier: str, family: str):
    set_quota(**{family: 0})
    line = lines_of("GPU quota", site_of(real, training_tier=tier))[0]
    assert line.says == f"training needs 24 vCPUs of {family} in eastus2, and the limit is 0"
    assert f"--resource-name {family}" in line.mend


@pytest.mark.parametrize(
    ("check", "fault", "says", "mend"),
    [
        ("weights", arm(f"/models/{PHI_3}/versions", 404), f"no {PHI_3} in version", "az ml model list"),
        ("roles of the machines", arm("/roleAssignments", body=EMPTY), "on reports", "az role assignment create"),
        (
            "roles of the machines",
            arm("/workspaces/tunedrop", body={"location": "eastus2", "properties": {}}),
            "tunedrop has no user-assigned identity",
            "azd env set GPU_TRAINING true",
        ),
    ],
)
def test_a_fault_of_what_gpus_need_is_named_with_its_mend(real: Real, check, fault, says, mend):
    real.cloud.add_faults(fault)
    first = lines_of(check, site_of(real))[0]
    assert (first.status, says in first.says, mend in first.mend) == (Status.MISSING, True, True), first


@pytest.mark.usefixtures("azure_ai_ml")
def test_a_job_without_quota_for_its_endpoint_is_not_submitted(
    real: Real, set_quota: Callable[..., None], run: Run
):
    set_quota(standardNCadsH100v5Family=0)
    site = site_of(real, hosting_instance="Standard_NC40ads_H100_v5")
    training = AzureTraining(real.settings, real.credential, lambda name: obstacle(name, site))
    with pytest.raises(ServiceRefused, match="hosting needs 40 vCPUs") as refused:
        training.submit(replace(run, checked=replace(run.checked, base_model=PHI_3)))
    assert refused.value.code == PREFLIGHT
