"""The preflight of a base model that trains and serves on GPUs: each fault is named with its mend."""

from collections.abc import Callable

import pytest

from shared.core.base_models import Route
from shared.errors import ServiceRefused
from shared.preflight import CHECKS, Status
from tests.fakes.azure_site import (
    APP,
    CLUSTER,
    DISCOVERY,
    HUB_STORAGE,
    MACHINES,
    PHI_3,
    REGION,
    RUN_AS,
    STORAGE,
    VCPUS,
    WEIGHTS,
    WORKSPACE,
    vcpus,
)
from tests.unit.preflight.deployment import Deployment

Spoil = Callable[[Deployment], object]
A100 = f"{VCPUS}/standardNCADSA100v4Family"
T4 = "Standard_NC4as_T4_v3"


def phi_3(**settings: str) -> Deployment:
    deployment = Deployment(test_card=True)
    for name, value in {"BASE_MODEL": "Phi-3-mini-4k-instruct", **settings}.items():
        deployment.set(name, value)
    return deployment


def cluster(**changed: object) -> Callable[[Deployment], None]:
    """Let jobs run on the cluster, changed so."""

    def spoil(deployment: Deployment) -> None:
        deployment.set("TRAINING_COMPUTE", "gpu-cluster")
        deployment.azure.resources[CLUSTER]["properties"]["properties"].update(changed)

    return spoil


def without_machines(deployment: Deployment) -> None:
    deployment.azure.resources[WORKSPACE]["identity"]["userAssignedIdentities"] = {}


def quota(name: str, limit: int, used: int = 0) -> Callable[[Deployment], None]:
    return lambda deployment: deployment.azure.resources.update(vcpus(name, limit, used=used))


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"TRAINING_TIER": "spot"},
        {
            "TRAINING_COMPUTE": "gpu-cluster",
            "TRAINING_INSTANCE": "Standard_NC96ads_A100_v4",
        },  # the cluster has its own
        {"TRAINING_INSTANCE": "Standard_nc48ads_a100_v4", "TRAINING_GPUS": "2"},
        {"TRAINING_INSTANCE": T4, "HOSTING_INSTANCE": T4},
    ],
)
def test_a_deployment_with_gpus_is_all_ok(settings):
    told = phi_3(**settings).told()
    assert [each.view() for each in told if each.line.status is not Status.OK] == []
    assert {each.check for each in told} == {one for one in CHECKS if one.route is not Route.SERVERLESS}


def test_what_is_ok_says_how_much_there_is():
    says = [each.line.says for each in phi_3(TRAINING_INSTANCE="Standard_NC48ads_A100_v4").told()]
    assert "training on Standard_NC48ads_A100_v4: 2 GPUs, of which 1 train" in says
    assert "hosting needs 24 vCPUs of standardNCADSA100v4Family: 96 of 96 are free" in says
    assert f"{PHI_3.registry_path} is there" in says
    assert "all 13 are registered" in says


def test_an_online_deployment_needs_room_for_upgrades_but_on_some_families():
    (line,) = [
        each.line for each in phi_3(HOSTING_INSTANCE=T4).told() if each.line.says.startswith("hosting needs")
    ]
    assert (
        line.says == "hosting needs 8 vCPUs of Standard NCASv3_T4 Family Cluster Dedicated vCPUs: 8 of 8 are free"
    )


FAULTS: list[tuple[str, Spoil, str, str]] = [  # check, fault, what is said, what mends it
    (
        "resource providers",
        lambda d: d.azure.resources["/subscriptions/sub/providers/Microsoft.ContainerRegistry"].update(
            registrationState="NotRegistered"
        ),
        "Microsoft.ContainerRegistry is not registered",
        "az provider register --namespace Microsoft.ContainerRegistry --wait",
    ),
    (
        "GPU machines",
        lambda d: d.set("HOSTING_INSTANCE", "Standard_DS3_v2"),
        "Standard_DS3_v2 has 0 GPUs, and hosting needs 1",
        "azd env set HOSTING_INSTANCE NAME; azd provision --no-state",
    ),
    (
        "GPU machines",
        lambda d: d.set("TRAINING_GPUS", "2"),
        "Standard_NC24ads_A100_v4 has 1 GPU, and training needs 2",
        "az ml compute list-sizes --location eastus2",
    ),
    (
        "GPU quota",
        quota("standardNCADSA100v4Family", 10),
        "training needs 24 vCPUs of standardNCADSA100v4Family in eastus2, and the limit is 10",
        "Request quota: 24 vCPUs; or az quota update --resource-name standardNCADSA100v4Family --resource-type "
        f"dedicated --limit-object value=24 --scope {REGION}",
    ),
    (
        "GPU quota",
        quota("standardNCADSA100v4Family", 96, used=73),
        "and 73 of 96 are in use",
        "--limit-object value=97",
    ),
    (
        "GPU quota",
        lambda d: d.azure.resources[f"{VCPUS}/Total Cluster Dedicated Regional vCPUs"].update(limit=20),
        "24 vCPUs of Total Cluster Dedicated Regional vCPUs in eastus2, and the limit is 20",
        "ml.azure.com > Quota > Total Cluster Dedicated Regional vCPUs",
    ),
    ("GPU quota", lambda d: d.set("HOSTING_INSTANCE", "Standard_NC40ads_H100_v5"), "the limit is 0", "value=40"),
    (
        "GPU quota",
        lambda d: (
            d.set("TRAINING_TIER", "spot"),
            d.azure.resources[f"{VCPUS}/TotalLowPriorityCores"].update(limit=5),
        ),
        "training needs 24 vCPUs of TotalLowPriorityCores in eastus2, and the limit is 5",
        "--resource-type lowPriority",
    ),
    (
        "GPU compute",
        lambda d: d.set("TRAINING_COMPUTE", "other"),
        "the workspace has no compute other",
        "az ml compute create --type AmlCompute --name other --size Standard_NC24ads_A100_v4 --min-instances 0 "
        f"--max-instances 1 --tier dedicated --identity-type user_assigned --user-assigned-identities {MACHINES} "
        "--resource-group rg --workspace-name ws",
    ),
    (
        "GPU compute",
        lambda d: (cluster()(d), d.property(CLUSTER, computeType="ComputeInstance")),
        "gpu-cluster is no compute cluster, but a ComputeInstance",
        "az ml compute create",
    ),
    (
        "GPU compute",
        lambda d: (cluster()(d), d.property(CLUSTER, provisioningState="Failed")),
        "gpu-cluster is Failed",
        "az ml compute show --name gpu-cluster",
    ),
    (
        "GPU compute",
        cluster(scaleSettings={"minNodeCount": 0, "maxNodeCount": 0}),
        "gpu-cluster may have no node",
        "az ml compute update --name gpu-cluster --max-instances 1",
    ),
    (
        "GPU compute",
        lambda d: (cluster()(d), d.azure.resources[CLUSTER].pop("identity")),
        "gpu-cluster has no identity, and jobs could read and write no file",
        f"--name gpu-cluster --identity-type user_assigned --user-assigned-identities {MACHINES}",
    ),
    (
        "weights",
        lambda d: d.remove(WEIGHTS),
        "the registry azureml has no Phi-3-mini-4k-instruct in version",
        "az ml model list --registry-name azureml --name Phi-3-mini-4k-instruct",
    ),
    (
        "roles of the app",
        lambda d: d.unassign(APP, "Managed Identity Operator"),
        "lacks Managed Identity Operator on machines",
        f'ServicePrincipal --role "Managed Identity Operator" --scope {MACHINES}',
    ),
    (
        "roles of the machines",
        lambda d: d.azure.roles.remove((RUN_AS, "Storage Blob Data Contributor", HUB_STORAGE)),
        "lacks Storage Blob Data Contributor on hubStorage",
        f"--scope {HUB_STORAGE}",
    ),
    (
        "roles of the machines",
        lambda d: d.unassign(RUN_AS, "AcrPull"),
        "lacks AcrPull on images",
        "azd provision --no-state",
    ),
]


@pytest.mark.parametrize(("check", "spoil", "says", "mend"), FAULTS, ids=[f"{f[0]}: {f[2]}" for f in FAULTS])
def test_each_fault_is_named_alone_with_its_mend(check, spoil, says, mend):
    deployment = phi_3()
    spoil(deployment)
    told = deployment.not_ok()
    assert {(each.check.name, each.line.status) for each in told} == {(check, Status.MISSING)}, told
    assert (says in told[0].line.says, mend in told[0].line.mend) == (True, True), told[0].view()


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (
            without_machines,
            {("roles of the machines", Status.MISSING), ("roles of the app", Status.UNKNOWN)},
        ),
        (
            lambda d: d.set("TRAINING_INSTANCE", "Standard_NC1"),
            {("GPU machines", Status.MISSING), ("GPU quota", Status.UNKNOWN)},
        ),
        (
            lambda d: (d.set("TRAINING_TIER", "spot"), d.set("TRAINING_INSTANCE", "Standard_NC40ads_H100_v5")),
            {("GPU machines", Status.MISSING)},
        ),
        (
            lambda d: (cluster()(d), d.azure.resources[CLUSTER].update(identity={"type": "SystemAssigned"})),
            {("GPU compute", Status.UNKNOWN)},
        ),
        (lambda d: d.property(STORAGE, networkAcls={"defaultAction": "Deny"}), {("GPU network", Status.UNKNOWN)}),
        (lambda d: d.property(STORAGE, publicNetworkAccess="Disabled"), {("GPU network", Status.UNKNOWN)}),
        (lambda d: d.remove(STORAGE), {("GPU network", Status.UNKNOWN)}),
        (lambda d: d.remove(A100), {("GPU quota", Status.UNKNOWN)}),
        (lambda d: d.remove(DISCOVERY), {("weights", Status.UNKNOWN)}),
        (lambda d: d.fail(VCPUS, 403, "AuthorizationFailed"), {("GPU quota", Status.UNKNOWN)}),
        (
            lambda d: d.remove(WORKSPACE),
            {
                ("workspace", Status.MISSING),
                *(
                    (name, Status.UNKNOWN)
                    for name in (
                        "GPU machines",
                        "GPU quota",
                        "weights",
                        "roles of the app",
                        "roles of the project",
                        "roles of the machines",
                    )
                ),
            },
        ),
    ],
)
def test_what_hangs_on_a_fault_or_cannot_be_read_is_unknown(spoil: Spoil, found):
    deployment = phi_3()
    spoil(deployment)
    assert {(each.check.name, each.line.status) for each in deployment.not_ok()} == found


def test_a_cluster_tells_what_it_costs_while_nothing_trains():
    deployment = phi_3()
    cluster(vmPriority="LowPriority", scaleSettings={"minNodeCount": 1, "maxNodeCount": 4})(deployment)
    (line,) = [each.line for each in deployment.told() if each.check.name == "GPU compute"]
    assert line.says == (
        "gpu-cluster: low-priority Standard_NC24ads_A100_v4, 4 at most; 1 of them is paid for while nothing trains"
    )


def test_a_workspace_of_its_own_serves_where_a_project_does_and_a_hub_does_not():
    deployment = phi_3()
    deployment.azure.resources[WORKSPACE]["kind"] = "Default"
    assert deployment.not_ok() == []
    deployment.azure.resources[WORKSPACE]["kind"] = "Hub"
    assert [each.check.name for each in deployment.not_ok()] == ["workspace"]


def test_a_serverless_base_model_is_looked_at_without_gpus():
    deployment = Deployment()
    deployment.azure.failing |= {path: ServiceRefused("azure", "no", 403) for path in (VCPUS, DISCOVERY)}
    without_machines(deployment)
    assert deployment.not_ok() == []
