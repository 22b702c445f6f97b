"""A managed online endpoint comes into being in three steps; each is repeated safely, and a failure says why."""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shared.core.run import Checked, Run
from shared.errors import ServiceRefused, ServiceUnavailable, TuneDropError
from shared.gateways.code_folder import files_of, hash_of
from shared.gateways.deployment_failure import telling_line
from shared.gateways.managed_endpoints import ManagedEndpoints
from shared.ports import PREFLIGHT, Endpoint
from shared.settings import settings_and_faults
from tests.contract.examples import RUN
from tests.fakes.azure_site import ENVIRONMENT
from tests.unit.gateways.rest_workspace import CODE, UAI, Nobody, RestWorkspace

MANAGED: Run = replace(RUN, checked=Checked(base_model="Phi-3.5-mini-instruct", route="managed"))
NAME = f"tm-{RUN.id}"
ENDPOINT = f"onlineEndpoints/{NAME}"
DEPLOYMENT = f"{ENDPOINT}/deployments/tuned"
MODEL = f"models/{RUN.asset}/versions/1"
AWAY = ServiceUnavailable("azure ml", "away")
REFUSED = ServiceRefused("azure ml", "409 taken", 409)
# What Microsoft's inference server really logged; gunicorn's four lines end each such log.
WITHOUT_MODEL = Path(__file__).with_name("server_without_model.log").read_text("utf-8")


def gateway(arm: RestWorkspace, **changed: str) -> ManagedEndpoints:
    """The gateway over the workspace in memory, where model and code are registered."""
    settings = replace(settings_and_faults(ENVIRONMENT)[0], **changed)
    arm.resources.setdefault(f"codes/tunedrop-{hash_of(files_of(CODE))}/versions/1", {"properties": {}})
    arm.resources.setdefault(MODEL, {"properties": {}})
    return ManagedEndpoints(settings, Nobody(), arm, CODE)


def looks(endpoints: ManagedEndpoints, times: int = 8) -> Endpoint:
    """Look until it serves or failed, as the timer does; a call that fails costs a look."""
    found = Endpoint("creating")
    for _ in range(times):
        try:
            found = endpoints.create(MANAGED)
        except (ServiceUnavailable, ServiceRefused):
            continue
        if found.state != "creating":
            break
    return found


def ends(delete: Callable[[], bool]) -> bool:
    """Tell whether it is gone within a few looks; a call that fails costs a look."""
    for _ in range(8):
        with suppress(ServiceUnavailable, ServiceRefused):
            if delete():
                return True
    return False


def test_it_serves_once_deployment_and_traffic_are_there():
    arm = RestWorkspace()
    endpoints = gateway(arm)
    states = [endpoints.create(MANAGED).state for _ in range(7)]
    assert states == ["creating"] * 6 + ["succeeded"]
    assert endpoints.create(MANAGED).url == f"https://{NAME}.eastus2.inference.ml.azure.com/score"
    assert arm.resources[ENDPOINT]["properties"]["traffic"] == {"tuned": 100}
    assert (arm.count("PUT", ENDPOINT), arm.count("PUT", DEPLOYMENT)) == (2, 1)


def calls_of_a_life() -> list[tuple[str, str]]:
    """Return every call from the first look to the deletion's end, each once."""
    arm = RestWorkspace()
    endpoints = gateway(arm)
    looks(endpoints)
    while not endpoints.delete(NAME):
        continue
    return list(dict.fromkeys(arm.asked))


@pytest.mark.parametrize("error", [AWAY, REFUSED], ids=["away", "refused"])
@pytest.mark.parametrize("when", ["failing", "losing"])
@pytest.mark.parametrize("call", calls_of_a_life(), ids=" ".join)
def test_every_call_may_fail_before_and_after_its_effect(call: tuple[str, str], when: str, error: TuneDropError):
    arm = RestWorkspace()
    endpoints = gateway(arm)
    getattr(arm, when)[call] = [error]
    assert looks(endpoints, 9).state == "succeeded"
    assert [path for path in arm.resources if path.startswith("onlineEndpoints")] == [ENDPOINT, DEPLOYMENT]
    getattr(arm, when)[call] = [error]
    assert ends(lambda: endpoints.delete(NAME))
    assert [path for path in arm.resources if path.startswith("onlineEndpoints")] == []


def test_an_endpoint_that_is_busy_with_its_traffic_is_waited_for():
    arm = RestWorkspace()
    endpoints = gateway(arm)
    while DEPLOYMENT not in arm.resources:
        endpoints.create(MANAGED)
    arm.losing["PUT", ENDPOINT] = [REFUSED]  # as after an answer that was lost
    assert [endpoints.create(MANAGED).state for _ in range(6)][-1] == "succeeded"


def test_a_host_that_dies_in_between_leaves_nothing_twice():
    arm = RestWorkspace()
    for _ in range(8):
        gateway(arm).create(MANAGED)  # each time by another host
    assert (arm.count("PUT", ENDPOINT), arm.count("PUT", DEPLOYMENT)) == (2, 1)


def test_it_waits_for_its_model():
    arm = RestWorkspace()
    endpoints = gateway(arm)
    del arm.resources[MODEL]
    found = endpoints.create(MANAGED)
    assert (found.state, "not registered yet" in found.reason) == ("creating", True)
    assert ENDPOINT not in arm.resources


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({}, ""),
        (
            {"/ops/1": {"status": "Failed", "error": {"code": "OutOfQuota", "message": "No A100s."}}},
            "OutOfQuota: No A100s.",
        ),
        (
            {"/ops/1": {"error": {"message": "Not ready."}}, f"{DEPLOYMENT}/getLogs": {"content": "x" * 999}},
            f"Not ready.; its log says: {'x' * 200}",
        ),
        (
            {f"{DEPLOYMENT}/getLogs": {"content": WITHOUT_MODEL}},
            "its log says: the model cannot be served: "
            "nothing beneath /var/azureml-app/models/1 has a config.json and a tokenizer",
        ),
    ],
)
def test_a_deployment_that_failed_says_why(told: dict[str, Any], reason: str):
    arm = RestWorkspace(deployments_end_as="Failed", told=told)
    endpoints = gateway(arm)
    for _ in range(3):
        endpoints.create(MANAGED)
    own = {"AzureAsyncOperationUri": "https://management.azure.com/ops/1?api-version=2024-10-01"}
    arm.resources[DEPLOYMENT]["properties"]["properties"] = own
    assert looks(endpoints) == Endpoint("failed", reason=reason)


@pytest.mark.parametrize(
    ("log", "says"),
    [
        ("", ""),
        ("\n \n", ""),
        ("one\ntwo\n\n", "two"),
        ("2026-11-21 C [7] azmlinfsrv.scorer - no model\nValueError: later\nWorker failed to boot.", "no model"),
        ("E [7] azmlinfsrv.scorer - one\nI [7] azmlinfsrv.scorer - two\nlast", "one"),
        (
            "a.b.FileNotFoundError: score.py\n\nc.UserScriptImportException: failed\nWorker failed to boot.",
            "a.b.FileNotFoundError: score.py",
        ),
        ("  SomeError: quoted\nValueError: first\nModuleNotFoundError: torch\nbye", "ModuleNotFoundError: torch"),
    ],
)
def test_of_a_log_the_line_counts_that_says_most(log: str, says: str):
    assert telling_line(log) == says


def test_it_runs_as_the_identity_of_the_machines_and_asks_for_a_key():
    arm = RestWorkspace()
    looks(gateway(arm, hosting_instance="Standard_NC40ads_H100_v5"))
    endpoint, deployment = arm.resources[ENDPOINT], arm.resources[DEPLOYMENT]
    assert endpoint["identity"] == {"type": "UserAssigned", "userAssignedIdentities": {UAI: {}}}
    assert endpoint["properties"]["authMode"] == "Key"
    assert deployment["sku"] == {"name": "Default", "capacity": 1}
    facts = deployment["properties"]
    assert facts["instanceType"] == "Standard_NC40ads_H100_v5"
    assert facts["model"] == f"/workspaces/ws/{MODEL}"
    assert facts["codeConfiguration"]["scoringScript"] == "scorer/score.py"
    assert re.fullmatch(
        r"/workspaces/ws/environments/tunedrop-serving/versions/[0-9a-f]{16}", facts["environmentId"]
    )
    assert facts["requestSettings"]["requestTimeout"] == "PT180S"


def test_vllm_is_an_image_with_openai_s_routes_and_no_script():
    arm = RestWorkspace()
    endpoints = gateway(arm, hosting_engine="vllm")
    assert looks(endpoints).state == "succeeded"
    arm.resources[ENDPOINT]["properties"]["scoringUri"] = f"https://{NAME}.example/v1/chat/completions"
    found = endpoints.create(MANAGED)
    assert (found.state, found.url) == ("succeeded", f"https://{NAME}.example")
    facts = arm.resources[DEPLOYMENT]["properties"]
    assert "codeConfiguration" not in facts
    (environment,) = [body["properties"] for path, body in arm.resources.items() if "tunedrop-vllm" in path]
    assert environment["build"]["contextUri"].endswith("/scorer/vllm/")
    assert environment["inferenceConfig"]["scoringRoute"] == {"path": "/v1/chat/completions", "port": 8000}


def test_without_an_identity_for_the_machines_nothing_is_created():
    arm = RestWorkspace(identities={})
    with pytest.raises(ServiceRefused, match="no user-assigned identity") as refused:
        gateway(arm).create(MANAGED)
    assert refused.value.code == PREFLIGHT
    assert arm.count("PUT", ENDPOINT) == 0


def test_it_is_gone_once_azure_ml_says_so():
    arm = RestWorkspace()
    endpoints = gateway(arm)
    assert endpoints.delete(NAME)
    assert looks(endpoints).state == "succeeded"
    assert [endpoints.delete(NAME) for _ in range(4)] == [False, False, True, True]
    assert (arm.count("DELETE", ENDPOINT), DEPLOYMENT in arm.resources) == (1, False)


def test_what_is_still_being_made_is_deleted_later():
    arm = RestWorkspace(failing={("DELETE", ENDPOINT): [REFUSED]})
    endpoints = gateway(arm)
    endpoints.create(MANAGED)
    with pytest.raises(ServiceUnavailable, match="cannot be deleted now"):
        endpoints.delete(NAME)
    assert [endpoints.delete(NAME) for _ in range(3)] == [False, False, True]


def test_an_endpoint_that_may_not_be_deleted_says_so():
    arm = RestWorkspace(failing={("DELETE", ENDPOINT): [ServiceRefused("azure ml", "no right", 403)]})
    endpoints = gateway(arm)
    endpoints.create(MANAGED)
    with pytest.raises(ServiceRefused, match="no right"):
        endpoints.delete(NAME)
