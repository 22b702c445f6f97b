"""The preflight over the local cloud: a healthy one is all ok, as the fake is, and each planted fault is named."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.identity import DefaultAzureCredential
from azure.storage.blob import BlobServiceClient, CorsRule

from shared.core.base_models import Route
from shared.core.run import Run
from shared.errors import ServiceRefused
from shared.gateways.azure_ml import AzureTraining
from shared.gateways.azure_reads import AzureReads
from shared.ports import PREFLIGHT
from shared.preflight import CHECKS, Line, Site, Status, look, obstacle
from shared.settings import settings_and_faults
from tests.contract.conftest import Real
from tests.fakes.azure_site import ENVIRONMENT, NOW, FakeAzure

CHECK = {check.name: check for check in CHECKS}


def now() -> datetime:
    return datetime.now(UTC)


def site_of(real: Real, clock: Callable[[], datetime] = now, **settings: str) -> Site:
    changed = replace(real.settings, **settings)
    return Site(AzureReads(changed, real.credential), changed, clock, test_card=True)


def lines_of(check: str, site: Site) -> list[Line]:
    return [told.line for told in look(site, [CHECK[check]])]


PHI_3 = "Phi-3-mini-4k-instruct"


@pytest.mark.parametrize(
    ("changed", "other"),
    [
        ({}, Route.MANAGED),
        ({"base_model": PHI_3}, Route.SERVERLESS),
        ({"base_model": PHI_3, "training_compute": "gpu-cluster", "training_tier": "spot"}, Route.SERVERLESS),
    ],
)
def test_a_healthy_deployment_is_all_ok(either, changed: dict[str, str], other: Route):
    def fake() -> Site:
        settings = replace(settings_and_faults(ENVIRONMENT)[0], **changed)
        return Site(FakeAzure(), settings, lambda: NOW, test_card=True)

    told = look(either(fake, lambda real: site_of(real, **changed)))
    assert [each.view() for each in told if each.line.status is not Status.OK] == []
    assert list(dict.fromkeys(each.check for each in told)) == [one for one in CHECKS if one.route is not other]


def arm(match: str, status: int = 200, body: Any = None) -> dict[str, Any]:
    return {"service": "arm", "match": match, "times": 99, "status": status, "body": body}


def safety(status: int, code: str, message: str = "no") -> dict[str, Any]:
    error = {"error": {"code": code, "message": message}}
    return {"service": "content_safety", "times": 99, "status": status, "body": error}


def webhook(status: int) -> dict[str, Any]:
    return {"service": "inbox", "match": "POST /workflows", "times": 99, "status": status}


PROVIDERS = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-local/providers"
EMPTY = {"value": []}
FAILED = {"properties": {"provisioningState": "Failed"}}
UNVERIFIED = {
    "id": "/x/emailServices/mail/domains/d",
    "name": "d",
    "properties": {"mailFromSenderDomain": "tunedrop.example", "verificationStates": {}},
}
PLANTED = [  # check, fault, what is said, what mends it
    (
        "resource providers",
        arm("/providers/Microsoft.Network", body={"registrationState": "NotRegistered"}),
        "Microsoft.Network is not registered",
        "az provider register --namespace Microsoft.Network",
    ),
    (
        "region",
        arm("/workspaces/tunedrop", body={"location": "westeurope", "properties": {}}),
        "the workspace is in westeurope",
        "azd env set AZURE_AI_LOCATION",
    ),
    ("workspace", arm("/workspaces/tunedrop", 404), "no Azure ML workspace tunedrop", "azd provision --no-state"),
    ("datastore", arm("/datastores/tunedrop", 404), "no datastore tunedrop", "azd provision --no-state"),
    (
        "roles of the app",
        arm("/roleAssignments", body=EMPTY),
        "lacks Storage Blob Data Owner",
        "az role assignment",
    ),
    ("your roles", arm("/roleAssignments", body=EMPTY), "on datasets", "az role assignment create"),
    ("function app", arm("Microsoft.Web/sites", body=EMPTY), "no Function App", "azd up"),
    (
        "event topic",
        arm("Microsoft.EventGrid/topics", body=EMPTY),
        "no topic of rg-local",
        "azd provision --no-state",
    ),
    (
        "event subscriptions",
        arm("eventSubscriptions/job-changed", 404),
        "job-changed is not there",
        "azd provision --no-state",
    ),
    (
        "event subscriptions",
        arm("/notify-teams", body=FAILED),
        "notify-teams is Failed",
        "azd provision --no-state",
    ),
    (
        "content safety account",
        arm("CognitiveServices/accounts", body=EMPTY),
        "no account of",
        "azd provision --no-state",
    ),
    ("content safety verdict", safety(401, "401"), "refuses the token", "az login --tenant"),
    ("content safety verdict", safety(404, "404"), "is no Content Safety", "CONTENT_SAFETY_URL"),
    (
        "content safety verdict",
        safety(400, "BadRequest", "Please provide a custom subdomain for token authentication"),
        "takes no Entra ID",
        "see the line above",
    ),
    ("webhook", webhook(400), "refused the test card (400)", "azd env set TEAMS_WEBHOOK_URL"),
    ("webhook", webhook(404), "refused the test card (404)", "azd env set TEAMS_WEBHOOK_URL"),
    ("mail domain", arm("/domains/", body=UNVERIFIED), "is not verified: Domain", "initiate-verification"),
]


@pytest.mark.parametrize(("check", "fault", "says", "mend"), PLANTED, ids=[f"{p[0]}: {p[2]}" for p in PLANTED])
def test_a_fault_that_the_cloud_answers_with_is_named_with_its_mend(real: Real, check, fault, says, mend):
    real.cloud.add_faults(fault)
    first = lines_of(check, site_of(real))[0]
    assert (first.status, says in first.says, mend in first.mend) == (Status.MISSING, True, True), first


@pytest.mark.parametrize(
    ("check", "changed", "says"),
    [
        ("base model", {"base_model": "Phi-3.5-MoE-instruct"}, "use Phi-4-mini-instruct instead"),
        ("mail domain", {"email_sender": "me@other.example"}, "of another domain than tunedrop.example"),
        ("webhook", {"teams_webhook_url": "https://example.com"}, "no https URL with a path"),
        ("datastore", {"training_datastore": "other"}, "no datastore other"),
        ("subscription", {"subscription": "11111111-0000-0000-0000-000000000000"}, "there is no subscription"),
    ],
)
def test_a_setting_that_fits_nothing_there_is_named(real: Real, check, changed, says):
    (line,) = lines_of(check, site_of(real, **changed))
    assert (line.status, says in line.says) == (Status.MISSING, True), line


def test_a_clock_that_is_off_is_named(real: Real):
    (line,) = lines_of("clock", site_of(real, lambda: now() + timedelta(minutes=7)))
    assert line.says.startswith("this clock is 7 minutes ahead")


def test_a_refused_token_is_named(real: Real):
    real.cloud.add_faults({"service": "identity", "times": 99, "status": 400})
    site = Site(AzureReads(real.settings, DefaultAzureCredential(retry_total=0)), real.settings, now)
    (line,) = lines_of("sign-in", site)
    assert (line.status, line.mend) == (Status.MISSING, "az login")


def test_what_may_not_be_read_is_unknown(real: Real):
    real.cloud.add_faults(arm("blobServices", 403, {"error": {"code": "AuthorizationFailed", "message": "no"}}))
    (line,) = lines_of("storage CORS", site_of(real))
    assert (line.status, "403 AuthorizationFailed" in line.says) == (Status.UNKNOWN, True)


@contextmanager
def without_a_container(blobs: BlobServiceClient) -> Iterator[None]:
    blobs.delete_container("deadletters")
    yield
    blobs.create_container("deadletters")


@contextmanager
def with_cors(blobs: BlobServiceClient) -> Iterator[None]:
    blobs.set_service_properties(cors=[CorsRule(["https://page.example"], ["GET"])])
    yield
    blobs.set_service_properties(cors=[])


@pytest.mark.parametrize(
    ("check", "change", "says"),
    [
        ("storage", lambda _blobs: nullcontext(), ""),
        ("storage", without_a_container, "container deadletters is not there"),
        ("storage CORS", with_cors, "blobServices lets web pages of https://page.example call it"),
    ],
)
def test_what_is_really_so_in_the_storage_account_is_seen(
    real: Real, check: str, change: Callable[[BlobServiceClient], AbstractContextManager[None]], says: str
):
    with BlobServiceClient(real.settings.blob_url, real.credential) as blobs, change(blobs):
        (line,) = lines_of(check, site_of(real))
    assert (line.status, says in line.says) == (Status.MISSING if says else Status.OK, True), line


@pytest.mark.parametrize(
    ("path", "version"),
    [
        ("{}/Microsoft.Storage/storageAccounts/other", "2020-01-01"),
        ("{}/Microsoft.Sql/servers", "2021-04-01"),
        (
            "/subscriptions/{}/resourceGroups/rg-local/providers/Microsoft.Authorization/roleAssignments",
            "2022-04-01",
        ),
    ],
)
def test_what_the_local_cloud_does_not_show_is_a_loud_501(real: Real, path: str, version: str):
    with pytest.raises(ServiceRefused, match="NotInLocalCloud") as refused:
        AzureReads(real.settings, real.credential).read(path.format(PROVIDERS), version)
    assert refused.value.status == 501


@pytest.mark.usefixtures("azure_ai_ml")
@pytest.mark.parametrize(
    ("model", "fault", "reason"),
    [
        ("Phi-3-small-8k-instruct", None, "use Phi-4-mini-instruct instead"),
        ("Phi-4", arm("/datastores/tunedrop", 404), "no datastore tunedrop"),
    ],
)
def test_a_job_that_would_fail_is_not_submitted(real: Real, run: Run, model: str, fault, reason: str):
    real.cloud.add_faults(*([fault] if fault else []))
    training = AzureTraining(real.settings, real.credential, lambda name: obstacle(name, site_of(real)))
    with pytest.raises(ServiceRefused, match=reason) as refused:
        training.submit(replace(run, checked=replace(run.checked, base_model=model)))
    assert refused.value.code == PREFLIGHT
    assert [call for call in real.cloud.history("arm") if call["method"] == "PUT"] == []
