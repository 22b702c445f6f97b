"""The preflight: all is ok in a healthy deployment; what cannot be known, or hangs on something else, says so."""

import threading
from collections.abc import Callable

import pytest

from shared.core.base_models import Route
from shared.errors import NoToken
from shared.preflight import CHECKS, Check, Line, Site, Status, look, verdict
from shared.settings import settings_and_faults
from tests.fakes.azure_site import (
    APP,
    DOMAIN,
    ENVIRONMENT,
    GROUP,
    HUB_VAULT,
    NOW,
    SAFETY,
    SECRET,
    SITE,
    SIZES,
    STORAGE,
    TOPIC,
    USAGES,
    VAULT,
    VCPUS,
    WORKSPACE,
    YOU,
    FakeAzure,
)
from tests.unit.preflight.deployment import Deployment

ROLES = f"{GROUP}/providers/Microsoft.Authorization/roleAssignments"
Spoil = Callable[[Deployment], object]


def test_a_healthy_deployment_is_all_ok():
    deployment = Deployment(test_card=True)
    told = deployment.told()
    assert [each.view() for each in told if each.line.status is not Status.OK] == []
    assert [each.check for each in told] == [one for one in CHECKS if one.route is not Route.MANAGED]
    assert (verdict(told), deployment.azure.cards) == (Status.OK, 1)


FAR_REACHING: list[tuple[Spoil, set[tuple[str, Status]]]] = [
    (
        lambda d: d.set("BASE_MODEL", "Phi-3-medium-4k-instruct"),
        {("base model", Status.MISSING), ("region", Status.UNKNOWN)},
    ),
    (
        lambda d: d.set("BASE_MODEL", "Phi-5"),
        {("base model", Status.MISSING), ("region", Status.UNKNOWN)},
    ),
    (
        lambda d: d.remove(WORKSPACE),
        {("workspace", Status.MISSING), ("region", Status.UNKNOWN), ("roles of the project", Status.UNKNOWN)},
    ),
    (
        lambda d: d.remove(TOPIC),
        {
            ("event topic", Status.MISSING),
            ("event subscriptions", Status.MISSING),
            ("roles of the app", Status.UNKNOWN),
        },
    ),
    (lambda d: d.remove(SITE), {("function app", Status.MISSING), ("roles of the app", Status.MISSING)}),
    (
        lambda d: d.remove(SAFETY),
        {("content safety account", Status.MISSING), ("roles of the app", Status.UNKNOWN)},
    ),
    (
        lambda d: d.set("CONTENT_SAFETY_URL", "https://eastus2.api.cognitive.microsoft.com"),
        {("content safety account", Status.MISSING), ("roles of the app", Status.UNKNOWN)},
    ),
    (
        lambda d: d.set("TEAMS_WEBHOOK_URL", "@Microsoft.KeyVault(SecretUri=https://kv)"),
        {("webhook", Status.UNKNOWN)},
    ),
    (
        lambda d: d.set("CONTENT_SAFETY_URL", ""),
        {
            ("settings", Status.MISSING),
            ("content safety account", Status.UNKNOWN),
            ("content safety verdict", Status.UNKNOWN),
            ("roles of the app", Status.UNKNOWN),
        },
    ),
]


@pytest.mark.parametrize(("spoil", "found"), FAR_REACHING)
def test_what_hangs_on_a_fault_is_unknown_or_named_too(spoil, found):
    deployment = Deployment()
    spoil(deployment)
    assert {(each.check.name, each.line.status) for each in deployment.not_ok()} == found


def test_a_retired_base_model_names_its_replacement_and_the_managed_route():
    deployment = Deployment()
    deployment.set("BASE_MODEL", "Phi-3-medium-4k-instruct")
    (line,) = [each.line for each in deployment.not_ok() if each.check.name == "base model"]
    assert "retired from serverless fine-tuning on 2025-08-30" in line.says
    assert "azd env set BASE_MODEL Phi-4;" in line.mend
    assert "on GPU compute also Phi-3-mini-4k-instruct, " in line.mend


def test_a_refused_token_is_missing_and_says_how_to_sign_in():
    deployment = Deployment()
    deployment.azure.failing["claims"] = NoToken("identity", "no")
    found = {each.check.name: each.line for each in deployment.not_ok()}
    assert (found["sign-in"].status, found["sign-in"].mend) == (Status.MISSING, "az login")
    assert (found["your roles"].status, found["your roles"].mend) == (Status.UNKNOWN, "see sign-in")


@pytest.mark.parametrize(
    ("what", "check", "role", "scope"),
    [
        ("/subscriptions/sub", "subscription", "Reader", "/subscriptions/sub"),
        ("/subscriptions/sub/providers/Microsoft.Web", "resource providers", "Reader", "/subscriptions/sub"),
        (USAGES, "quota", "Reader", "/subscriptions/sub"),
        (SIZES, "GPU machines", "Reader", "/subscriptions/sub"),
        (VCPUS, "GPU quota", "Reader", "/subscriptions/sub"),
        (f"{STORAGE}/blobServices/default", "storage CORS", "Reader", GROUP),
        ("verdict", "content safety verdict", "Cognitive Services User", GROUP),
        (DOMAIN, "mail domain", "Reader", GROUP),
    ],
)
def test_what_may_not_be_read_is_unknown_and_says_which_role_would_let_it(what, check, role, scope):
    deployment = Deployment()
    if check.startswith("GPU"):
        deployment.set("BASE_MODEL", "Phi-3-mini-4k-instruct")
    deployment.fail(what, 403, "AuthorizationFailed")
    told = [each for each in deployment.not_ok() if each.check.name == check]
    assert {each.line.status for each in told} == {Status.UNKNOWN}
    assert "403 AuthorizationFailed" in told[0].line.says
    assert told[0].line.mend.endswith(f'--role "{role}" --scope {scope}')
    assert verdict(told) is Status.UNKNOWN


def test_before_the_group_is_known_the_subscription_is_what_a_role_is_asked_on():
    deployment = Deployment()
    deployment.set("AZURE_RESOURCE_GROUP", "")
    deployment.fail("verdict", 403)
    (line,) = [each.line for each in deployment.not_ok() if each.check.name == "content safety verdict"]
    assert line.mend.endswith("--scope /subscriptions/sub")


def test_a_caller_without_the_role_for_verdicts_is_not_taken_for_a_fault():
    deployment = Deployment()
    deployment.fail("verdict", 401, "PermissionDenied")
    assert [each.line.status for each in deployment.not_ok()] == [Status.UNKNOWN]


SECOND = {"principalId": "9"}


@pytest.mark.parametrize(
    ("more", "reads_secrets_as", "status"),
    [
        ({}, "SystemAssigned", None),
        ({"a": SECOND, "z": SECOND}, "ID", None),
        ({"a": SECOND, "z": SECOND}, "z", Status.MISSING),
        ({"a": SECOND, "z": SECOND}, "SystemAssigned", Status.UNKNOWN),
        ({"a": SECOND, "z": SECOND}, None, Status.UNKNOWN),
    ],
    ids=["one", "named", "another one named", "the app's own named", "none named"],
)
def test_of_several_identities_the_app_is_the_one_that_it_reads_its_secrets_as(more, reads_secrets_as, status):
    deployment = Deployment()
    deployment.azure.resources[SITE]["identity"]["userAssignedIdentities"] |= more
    deployment.property(SITE, keyVaultReferenceIdentity=reads_secrets_as)
    found = {each.line.status for each in deployment.not_ok()}
    assert found == (set() if status is None else {status})


def test_an_app_with_several_identities_says_so():
    deployment = Deployment()
    deployment.azure.resources[SITE]["identity"]["userAssignedIdentities"] |= {"a": SECOND}
    (told,) = deployment.not_ok()
    assert told.check.name == "roles of the app"
    assert told.line.says == "func has 2 identities, and which of them it runs as was not found"
    assert "keyVaultReferenceIdentity" in told.line.mend


def test_roles_that_may_not_be_listed_are_unknown():
    deployment = Deployment()
    deployment.fail(ROLES, 403)
    assert {(each.check.name, each.line.status) for each in deployment.not_ok()} == {
        (name, Status.UNKNOWN) for name in ("roles of the app", "roles of the project", "your roles")
    }


@pytest.mark.parametrize("scope", [STORAGE, GROUP, "/subscriptions/sub", "/"])
def test_a_role_above_holds_below_and_a_greater_one_holds_a_smaller_one(scope):
    deployment = Deployment()
    deployment.unassign(YOU, "Storage Blob Data Contributor")
    deployment.unassign(YOU, "Storage Blob Data Reader")
    deployment.azure.roles.append((YOU, "Storage Blob Data Owner", scope))
    assert deployment.not_ok() == []


@pytest.mark.parametrize(
    ("scope", "webhook", "fine"),
    [
        (SECRET, "https://example.com/workflows/1", True),
        (VAULT, "https://example.com/workflows/1", True),
        (HUB_VAULT, "https://example.com/workflows/1", False),
        (f"{VAULT}/secrets/other", "https://example.com/workflows/1", False),
        (
            f"{HUB_VAULT}/secrets/url",
            "@Microsoft.KeyVault(SecretUri=https://kv-hub.vault.azure.net/secrets/url)",
            True,
        ),
        (SECRET, "@Microsoft.KeyVault(SecretUri=https://kv-hub.vault.azure.net/secrets/url/1)", False),
    ],
)
def test_the_right_to_read_secrets_counts_where_the_webhook_is(scope, webhook, fine):
    deployment = Deployment()
    deployment.set("TEAMS_WEBHOOK_URL", webhook)
    deployment.unassign(APP, "Key Vault Secrets User")
    deployment.azure.roles.append((APP, "Key Vault Secrets User", scope))
    lacks = [each for each in deployment.not_ok() if each.check.name == "roles of the app"]
    assert [each.line.status for each in lacks] == ([] if fine else [Status.MISSING])


def test_a_role_on_an_account_whose_name_only_begins_alike_does_not_count():
    deployment = Deployment()
    deployment.unassign(APP, "Storage Blob Data Owner")
    deployment.azure.roles.append((APP, "Storage Blob Data Owner", STORAGE[:-1]))
    assert [each.check.name for each in deployment.not_ok()] == ["roles of the app"]


def test_a_place_that_only_the_app_may_open_is_looked_up_in_the_resource_manager():
    deployment = Deployment()
    deployment.fail("table runs", 403)
    deployment.azure.resources[f"{STORAGE}/tableServices/default/tables/runs"] = {}
    assert deployment.not_ok() == []
    deployment.remove(f"{STORAGE}/tableServices/default/tables/runs")
    assert [each.line.says for each in deployment.not_ok()] == ["table runs is not there"]


def test_before_azd_up_only_the_subscription_is_known_and_the_rest_says_what_it_needs():
    deployment = Deployment(environment={"AZURE_SUBSCRIPTION_ID": "sub"})
    told = {each.check.name: each.line for each in deployment.told()}
    for name in ("sign-in", "subscription", "clock", "resource providers", "base model"):
        assert told[name].status is Status.OK, name
    assert told["mail domain"].says == "needs AZURE_RESOURCE_GROUP, EMAIL_URL, EMAIL_SENDER"


def test_the_webhook_is_told_by_its_host_only():
    deployment = Deployment(test_card=True)
    deployment.fail("post_test_card", 404)
    assert "secret" not in str([each.view() for each in [*deployment.told(), *Deployment().told()]])


def test_a_check_that_hangs_is_late_and_does_not_hold_the_others_up():
    end = threading.Event()

    def hang(_site: Site):
        end.wait(20)
        yield Line(Status.OK, "at last")

    site = Site(FakeAzure(), settings_and_faults(ENVIRONMENT)[0], lambda: NOW)
    told = look(site, (Check("hanging", hang, ""), CHECKS[0]), deadline=0.2)
    end.set()
    assert [(each.line.status, each.line.says) for each in told] == [
        (Status.UNKNOWN, "no answer within 0.2 s"),
        (Status.OK, "every setting is there"),
    ]


def test_an_answer_of_another_shape_is_unknown_not_a_crash():
    deployment = Deployment()
    deployment.azure.resources[GROUP].pop("location")
    (told,) = deployment.not_ok()
    assert (told.check.name, told.line.status) == ("quota", Status.UNKNOWN)
    assert "otherwise than expected" in told.line.says
