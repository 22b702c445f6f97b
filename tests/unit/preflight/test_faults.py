"""Each single fault of a deployment is named alone, with the command that mends it."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from shared.errors import NotFound
from shared.preflight import Status
from tests.fakes.azure_site import (
    APP,
    COMMUNICATION,
    DOMAIN,
    NOW,
    PROJECT,
    SAFETY,
    SECRET,
    SITE,
    STORAGE,
    STORAGE_TOPIC,
    TOPIC,
    USAGES,
    WORKSPACE,
    YOU,
)
from tests.unit.preflight.deployment import Deployment

Spoil = Callable[[Deployment], object]
CORS = {"cors": {"corsRules": [{"allowedOrigins": ["*"]}]}}
READS_SECRETS = "Key Vault Secrets User"
APIS = ["PutBlob", "PutBlockList", "CopyBlob", "FlushWithClose"]


def filtered(topic: str, name: str, **changed: object) -> Spoil:
    """Return what changes the filter of an event subscription."""
    path = f"{topic}/eventSubscriptions/{name}"
    return lambda d: d.property(path, filter=d.azure.resources[path]["properties"]["filter"] | changed)


FAULTS: list[tuple[str, Spoil, str, str]] = [  # check, fault, what is said, what mends it
    ("settings", lambda d: d.set("EMAIL_RECIPIENTS", ""), "EMAIL_RECIPIENTS is missing", "azd env get-values"),
    ("settings", lambda d: d.set("SCREENING", "some"), "SCREENING must be all, sample or off", "docs/settings.md"),
    (
        "subscription",
        lambda d: d.azure.resources["/subscriptions/sub"].update(state="Disabled"),
        "Sub is Disabled",
        "portal",
    ),
    (
        "resource providers",
        lambda d: d.azure.resources["/subscriptions/sub/providers/Microsoft.Network"].update(
            registrationState="NotRegistered"
        ),
        "Microsoft.Network is not registered",
        "az provider register --namespace Microsoft.Network --wait",
    ),
    ("quota", lambda d: d.azure.resources[f"{USAGES}/1"].update(currentValue=250), "all 250", "portal: Quotas"),
    (
        "workspace",
        lambda d: d.azure.resources[WORKSPACE].update(kind="Hub"),
        "is of kind Hub",
        "azd provision --no-state",
    ),
    (
        "region",
        lambda d: d.azure.resources[WORKSPACE].update(location="West Europe"),
        "the workspace is in westeurope",
        "azd env set AZURE_AI_LOCATION eastus2; azd up  # what lies in westeurope stays until you remove it",
    ),
    (
        "datastore",
        lambda d: d.remove(f"{WORKSPACE}/datastores/tunedrop"),
        "no datastore tunedrop",
        "azd provision --no-state",
    ),
    (
        "datastore",
        lambda d: d.property(f"{WORKSPACE}/datastores/tunedrop", containerName="other"),
        "shows sttd/other",
        "azd provision --no-state",
    ),
    ("function app", lambda d: d.property(SITE, state="Stopped"), "func is Stopped", "az functionapp start"),
    (
        "roles of the app",
        lambda d: d.unassign(APP, "Storage Table Data Contributor"),
        "lacks Storage Table Data Contributor on storage",
        f'--assignee-object-id {APP} --assignee-principal-type ServicePrincipal --role "Storage Table Data '
        f'Contributor" --scope {STORAGE}',
    ),
    (
        "roles of the app",
        lambda d: d.unassign(APP, "Cognitive Services User"),
        "lacks Cognitive Services User on contentSafety",
        f"--scope {SAFETY}",
    ),
    ("roles of the app", lambda d: d.unassign(APP, "EventGrid Data Sender"), "EventGrid Data Sender", TOPIC),
    ("roles of the app", lambda d: d.unassign(APP, READS_SECRETS), "on webhook", f"--scope {SECRET}"),
    (
        "roles of the project",
        lambda d: d.unassign(PROJECT, "Storage Blob Data Reader"),
        "lacks Storage Blob Data Reader on reports",
        f"--assignee-object-id {PROJECT} --assignee-principal-type",
    ),
    (
        "your roles",
        lambda d: d.unassign(YOU, "Storage Blob Data Contributor"),
        "lacks Storage Blob Data Contributor on datasets",
        f'--assignee-object-id {YOU} --role "Storage Blob Data Contributor"',
    ),
    (
        "storage",
        lambda d: d.azure.places.remove(("container", "reports")),
        "container reports is not there",
        "az storage container create --name reports --account-name sttd --auth-mode login",
    ),
    (
        "storage",
        lambda d: d.azure.places.remove(("queue", "runs")),
        "queue runs",
        "az storage queue create --name",
    ),
    (
        "storage",
        lambda d: d.azure.places.remove(("table", "keys")),
        "table keys",
        "az storage table create --name",
    ),
    (
        "storage CORS",
        lambda d: d.property(f"{STORAGE}/tableServices/default", **CORS),
        "tableServices lets web pages of * call it",
        "az storage cors clear --services t --account-name sttd",
    ),
    (
        "content safety account",
        lambda d: d.property(SAFETY, customSubDomainName=None),
        "no subdomain",
        "--custom-domain safety",
    ),
    (
        "content safety verdict",
        lambda d: d.azure.failing.update(verdict=NotFound("content safety", "404")),
        "safety.cognitiveservices.azure.com is no Content Safety (404)",
        "azd env get-value CONTENT_SAFETY_URL",
    ),
    ("content safety verdict", lambda d: d.fail("verdict", 401, "401"), "refuses the token", "az login --tenant"),
    (
        "content safety verdict",
        lambda d: d.fail("verdict", 400, "BadRequest", "provide a custom subdomain"),
        "takes no Entra ID",
        "see the line above",
    ),
    (
        "event topic",
        lambda d: d.property(TOPIC, provisioningState="Failed"),
        "egt is Failed",
        "azd provision --no-state",
    ),
    (
        "event subscriptions",
        lambda d: d.remove(f"{STORAGE_TOPIC}/eventSubscriptions/dataset-uploaded"),
        "dataset-uploaded is not there",
        "azd env set DEPLOY_EVENT_SUBSCRIPTIONS true; azd provision --no-state",
    ),
    (
        "event subscriptions",
        lambda d: d.property(f"{TOPIC}/eventSubscriptions/notify-email", provisioningState="Failed"),
        "notify-email is Failed",
        "azd provision --no-state",
    ),
    (
        "event subscriptions",
        lambda d: d.property(
            f"{TOPIC}/eventSubscriptions/notify-teams",
            destination={"properties": {"resourceId": f"{SITE}/functions/notify_email"}},
        ),
        "notify-teams leads to notify_email, not to notify_teams",
        "azd provision --no-state",
    ),
    (
        "event subscriptions",
        filtered(TOPIC, "notify-teams", includedEventTypes=["Other"]),
        "notify-teams lets TuneDrop.TeamsNotification not through",
        "azd provision --no-state",
    ),
    (
        "event subscriptions",
        lambda d: d.property(
            f"{STORAGE_TOPIC}/eventSubscriptions/dataset-uploaded",
            destination={"properties": {"resourceId": f"{SITE}-old/functions/dataset_uploaded"}},
        ),
        "dataset-uploaded leads to another app: func-old",
        "azd provision --no-state",
    ),
    (
        "event subscriptions",
        filtered(STORAGE_TOPIC, "dataset-uploaded", subjectBeginsWith="/blobServices/default/containers/other/"),
        "dataset-uploaded wants subjects that begin with '/blobServices/default/containers/other/', not with "
        "'/blobServices/default/containers/datasets/'",
        "azd provision --no-state",
    ),
    (
        "event subscriptions",
        filtered(STORAGE_TOPIC, "dataset-uploaded", subjectEndsWith=".json"),
        "dataset-uploaded wants subjects that end with '.json', not with '.jsonl'",
        "azd provision --no-state",
    ),
    (
        "event subscriptions",
        filtered(TOPIC, "notify-email", subjectEndsWith=".jsonl"),
        "notify-email wants subjects that end with '.jsonl', not with ''",
        "azd provision --no-state",
    ),
    *(
        (
            "event subscriptions",
            filtered(STORAGE_TOPIC, "dataset-uploaded", advancedFilters=advanced),
            "dataset-uploaded has other advanced filters than infra/subscriptions.bicep",
            "azd provision --no-state",
        )
        for advanced in (
            [],
            [{"operatorType": "StringIn", "key": "data.api", "values": ["PutBlob"]}],
            [{"operatorType": "StringNotIn", "key": "data.api", "values": APIS}],
            [
                {"operatorType": "StringIn", "key": "data.api", "values": APIS},
                {"operatorType": "StringIn", "key": "data.blobType", "values": ["None"]},
            ],
        )
    ),
    (
        "event subscriptions",
        lambda d: d.remove(STORAGE_TOPIC),
        "dataset-uploaded has no topic",
        "azd provision --no-state",
    ),
    (
        "webhook",
        lambda d: d.set("TEAMS_WEBHOOK_URL", "https://example.com"),
        "no https URL with a path",
        "Workflows",
    ),
    (
        "webhook",
        lambda d: d.fail("post_test_card", 400),
        "refused the test card (400)",
        "azd env set TEAMS_WEBHOOK",
    ),
    (
        "webhook",
        lambda d: d.fail("post_test_card", 404),
        "refused the test card (404)",
        "azd env set TEAMS_WEBHOOK",
    ),
    (
        "mail domain",
        lambda d: d.property(DOMAIN, verificationStates={"Domain": {"status": "Verified"}}),
        "mail.example is not verified: SPF",
        "initiate-verification --domain-name AzureManagedDomain --email-service-name mail --resource-group rg "
        "--verification-type SPF",
    ),
    (
        "mail domain",
        lambda d: d.set("EMAIL_SENDER", "me@other.example"),
        "me@other.example is of another domain than mail.example",
        "az functionapp config appsettings set --name func --resource-group rg "
        "--settings EMAIL_SENDER=DoNotReply@mail.example",
    ),
    (
        "mail domain",
        lambda d: d.property(COMMUNICATION, linkedDomains=[]),
        "no domain to send from",
        "azd provision --no-state",
    ),
    (
        "clock",
        lambda d: setattr(d.azure, "clock", NOW - timedelta(minutes=6)),
        "6 minutes ahead of Azure's",
        "timedatectl",
    ),
    ("clock", lambda d: setattr(d.azure, "clock", NOW + timedelta(minutes=9)), "9 minutes behind", "timedatectl"),
]


@pytest.mark.parametrize(("check", "spoil", "says", "mend"), FAULTS, ids=[f"{f[0]}: {f[2]}" for f in FAULTS])
def test_each_fault_is_named_alone_with_its_mend(check, spoil, says, mend):
    deployment = Deployment(test_card=True)
    spoil(deployment)
    told = deployment.not_ok()
    assert {each.check.name for each in told} == {check}, [each.view() for each in told]
    assert {each.line.status for each in told} == {Status.MISSING}
    assert says in told[0].line.says
    assert mend in told[0].line.mend
