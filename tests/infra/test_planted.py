"""Faults planted into copies of the real files: each is found, at its place."""

import re
import shutil
from pathlib import Path

import pytest

from shared.core.base_models import base_models
from shared.settings import OPTIONAL
from tests.infra.bicep import value_of
from tests.infra.findings import findings, read_infra

INFRA = Path(__file__).resolve().parents[2] / "infra"

ASSIGNMENT = "resource anything 'Microsoft.Authorization/roleAssignments@2022-04-01' = { name: 'x' }\noutput name"

# Each row: the file, what stands there, what is planted there, the rule that it breaks, what the finding names.
FAULTS = [
    ("storage", "kind: 'StorageV2'", "kind: 'StorageV2", "syntax", "no Bicep"),
    ("vault", "tenant().tenantId", "tenantIdentity", "undefined", "tenantIdentity"),
    ("roles", "scope: storage::blobs::datasets", "scope: storage::blobs::data", "undefined", "storage::data"),
    (
        "roles",
        "roleDefinitionId: roles.secretsUser",
        "roleDefinitionId: roles.secret",
        "undefined",
        "roles.secret",
    ),
    ("ai", "var datastoreName", "var other = 1\nvar datastoreName", "unused", "other"),
    ("identity", "param tags object", "param tags object\nparam sku string", "unused", "sku"),
    ("roles", "resource insights '", "resource insight2 '", "unused", "insight2"),
    ("main", "  dependsOn: [roles]", "  dependsOn: [roles, alerts, subscriptions]", "cycle", "functions"),
    ("network", "var endpoints = [", "var location = 'x'\nvar endpoints = [", "declared twice", "location"),
    ("main", "module vault 'vault.bicep'", "module vault 'vaults.bicep'", "module missing", "vaults.bicep"),
    ("main", "module vault 'vault.bicep'", "module vault 'ai.bicep'", "file unused", "vault.bicep"),
    ("main", "    dataLocation: emailDataLocation\n", "", "param missing", "dataLocation"),
    ("main", "    dataLocation: emailData", "    datLocation: emailData", "param unknown", "datLocation"),
    ("main", "choices: choices", "choices: 'none'", "param of another type", "choices"),
    ("main", "location: aiLocation", "location: dropAddresses", "param of another type", "location"),
    ("main", "outputs.webhookSecretUri", "outputs.secretUri", "output unknown", "secretUri"),
    ("main", "param choices", "param region string\nparam choices", "parameter missing", "region"),
    ("main", "param choices object", "param choices string", "parameter of another type", "choices"),
    ("main.parameters.json", '"privateNetwork"', '"private"', "parameter unknown", "private"),
    ("main.parameters.json", '"SCREENING":', '"SCREEN":', "choice missing", "SCREENING"),
    ("main.parameters.json", '"SCREENING":', '"SCREEN": "",\n"SCREENING":', "choice unused", "SCREEN"),
    ("identity", "output name", "output more string = name\noutput name", "output unused", "more"),
    ("vault", "vaults@2026-02-01'", "vaults@2023-07-01'", "version unknown", "vaults@2023-07-01"),
    ("vault", "'Microsoft.KeyVault/vaults@", "'Microsoft.KeyVault/vault@", "type unknown", "KeyVault/vault"),
    ("storage", "minimumTlsVersion:", "minimumTlsVerson:", "property unknown", "minimumTlsVerson"),
    ("storage", "? 'Deny' : 'Allow'", "? 'Denied' : 'Allow'", "value unknown", "defaultAction: Denied"),
    ("main", "toLower(uniqueString", "toLowr(uniqueString", "call unknown", "toLowr"),
    ("storage", "= account.id", "= sys.lastly(account.id)", "call unknown", "sys.lastly"),
    ("storage", "= account.id", "= account.readKeys()", "call unknown", "account.readKeys"),
    ("network", "suffixes.storage", "suffixes.storag", "undefined", "environment().suffixes.storag"),
    ("vault", "tenant().tenantId", "tenant().id", "undefined", "tenant().id"),
    ("eventgrid", "Allowed: '1.2'", "Allowed: '1.0'", "door open", "minimumTlsVersionAllowed"),
    ("contentsafety", "? 'Disabled'", "? 'Enabled'", "door open", "publicNetworkAccess must be Disabled"),
    ("storage", "? 'Deny' : 'Allow'", "? 'Allow' : 'Deny'", "door open", "defaultAction must be Deny"),
    ("main", "@maxValue(1000)", "@maxVal(1000)", "decorator unknown", "maxVal"),
    ("main", "@secure()", "@sys.secured()", "decorator unknown", "secured"),
    ("main", "targetScope = 'subscription'\n", "", "scope differs", "group in main"),
    ("main", "  name: 'vault'\n  scope: group\n", "  name: 'vault'\n", "scope differs", "vault needs a resource"),
    (
        "identity",
        "param name",
        "targetScope = 'subscription'\nparam name",
        "scope differs",
        "identity in identity",
    ),
    ("storage", "accessTier: 'Hot'", "accessTier: 'Hot'\n    accessTier: 'Cool'", "set twice", "accessTier"),
    ("main", "    token: token\n", "    token: token\n    token: token\n", "set twice", "token"),
    ("main", "param aiLocation", "@allowed(['eastus'])\nparam aiLocation", "default not allowed", "aiLocation"),
    ("storage", "output id string", "output id int", "value of another type", "id: string, not int"),
    ("main", "bool = false", "bool = 'no'", "value of another type", "privateNetwork: string, not bool"),
    ("functions", "identityName string", "identityName int", "param of another type", "identityName"),
    ("main", ": requestsPerInstance\n", ": toLower('50')\n", "param of another type", "requestsPerInstance"),
    ("vault", "RetentionInDays: 7", "RetentionInDays: '7'", "property of another type", "string, not int"),
    ("alerts", "scopes: [insights.id]", "scopes: insights.id", "property of another type", "string, not array"),
    ("functions", "httpsOnly: true", "httpsOnly: 'true'", "property of another type", "string, not bool"),
    ("vault", "tags: tags", "tags: name", "property of another type", "tags: string, not object"),
    ("storage", "accessTier: 'Hot'", "accessTier: 1", "property of another type", "int, not string"),
    ("functions", "}deployments'", "}deployment'", "container unknown", "deployment"),
    (
        "subscriptions",
        "blobContainerName: 'deadletters'",
        "blobContainerName: 'dead'",
        "container unknown",
        "dead",
    ),
    ("ai", "containerName: 'reports'", "containerName: 'report'", "container unknown", "report"),
    ("roles", "name: 'datasets'", "name: 'data'", "container unknown", "data"),
    ("storage", "prefixMatch: ['reports/']", "prefixMatch: ['report/']", "container unknown", "report"),
    ("subscriptions", "containers/datasets/", "containers/dataset/", "container unknown", "dataset"),
    ("functions", "INIT_INDEXING: '1'", "INIT_INDEXING: '0'", "value must be another", "INIT_INDEXING"),
    ("functions", "version: '3.12'", "version: '2.7'", "value must be another", "3.12"),
    ("subscriptions", "'AzureFunction'", "'WebHook'", "value must be another", "endpointType"),
    ("functions", "'0 * * * * *'", "'* * * *'", "no schedule", "'* * * *'"),
    ("functions", "'0 * * * * *'", "'0 99 * * * *'", "no schedule", "99"),
    ("functions", "'0 * * * * *'", "'every minute'", "no schedule", "every minute"),
    ("main", "projectName = 'tunedrop-${aiToken}'", "projectName = 't-${token}'", "name of another region", "ai"),
    ("main", "'safety-td-${aiToken}'", "'safety-td-${token}'", "name of another region", "contentSafety"),
    ("eventgrid", "-${workspaceToken}'", "-${token}'", "name of another region", "workspaceTopic"),
    ("alerts", "timeGrain: 'Monthly'", "timeGrain: 'monthly'", "value unknown", "monthly"),
    ("ai", "    credentials: { credentialsType: 'None' }\n", "", "property missing", "credentials"),
    ("vault", "family: 'A', ", "", "property missing", "sku.family"),
    ("storage", "  kind: 'StorageV2'\n", "", "property missing", "account: kind"),
    ("subscriptions", "      endpointType: 'AzureFunction'\n", "", "property missing", "endpointType"),
    ("functions", "perInstanceConcurrency", "concurrency", "property unknown", "http.concurrency"),
    ("roles", "'b7e6dc6d-f1e8", "'b7e6dc6d-f1e9", "role unknown", "b7e6dc6d-f1e9"),
    ("roles", "  scope: contentSafety\n", "", "role too wide", "appContentSafety"),
    ("roles", "  scope: insights\n", "  scope: resourceGroup()\n", "role too wide", "appLogs"),
    ("identity", "output name", ASSIGNMENT, "role elsewhere", "anything"),
    ("gpuroles", "scope: hubStorage\n", "scope: resourceGroup()\n", "role too wide", "machinesModels"),
    ("gpu", "adminUserEnabled: false", "adminUserEnabled: true", "door open", "adminUserEnabled"),
    ("gpuroles", "'7f951dda-4ed3-4680-a7ca-43fe172d538d'", "''", "role and page differ", "AcrPull"),
    ("ai", "SystemAssigned,UserAssigned", "SystemAssigned, UserAssigned", "value unknown", "UserAssigned"),
    ("storage", "allowSharedKeyAccess: false", "allowSharedKeyAccess: true", "door open", "allowShared"),
    ("storage", "publicAccess: 'None'", "publicAccess: 'Blob'", "door open", "publicAccess"),
    ("eventgrid", "disableLocalAuth: true", "disableLocalAuth: false", "door open", "disableLocalAuth"),
    ("functions", "httpsOnly: true", "httpsOnly: false", "door open", "httpsOnly"),
    ("subscriptions", "    retryPolicy: retryPolicy\n", "", "door open", "retryPolicy"),
    ("main", "@secure()\n", "", "secret not secure", "teamsWebhookUrl"),
    ("vault", "teamsWebhookUrl string", "teamsWebhookUrl string = 'x'", "secret in the code", "teams"),
    ("vault", "= webhook.properties.secretUri", "= teamsWebhookUrl", "secret in an output", "webhookSecretUri"),
    ("storage", "= account.id", "= account.listKeys().keys[0].value", "secret in an output", "id"),
    ("functions", "appSettings: ", "x: [for s in items(settings): s]\nappSettings: ", "loop over late value", ""),
    ("ai", "name: projectName", "name: hub.properties.workspaceId", "name of late value", "hub.properties"),
    ("functions", "  EMAIL_URL: emailUrl\n", "", "setting missing", "EMAIL_URL"),
    ("functions", "  EMAIL_URL:", "  EMAIL_HOST: 'x'\n  EMAIL_URL:", "setting unknown", "EMAIL_HOST"),
    ("subscriptions", "functions/notify_teams", "functions/notify_team", "function unknown", "notify_team"),
    ("subscriptions", "functions/notify_teams", "functions/advance_run", "function unknown", "advance_run"),
    ("subscriptions", "'FlushWithClose']", "'CreateFile']", "subscription differs", "dataset-uploaded"),
    ("subscriptions", "name: 'job-changed'", "name: 'jobs'", "subscription missing", "job-changed"),
    ("storage", "var tables = ['runs',", "var tables = [", "storage differs", "tables"),
    ("alerts", "name: 'failed-run'", "name: 'broken-run'", "alert and page differ", "broken-run"),
    ("alerts", "no verdict: ", "without verdict: ", "nobody logs this", "content-safety-outage"),
    ("roles", "'4633458b-17de-408a-b874-0445c86b69e6'", "''", "role and page differ", "Key Vault Secrets User"),
    ("main.parameters.json", "${SCREENING}", "${SCREENED}", "parameter unexplained", "SCREENED"),
    ("main", "output EVENT_TOPIC_URL", "output TOPIC_URL", "setting not told", "EVENT_TOPIC_URL"),
    ("roles", "'4633458b-17de-408a-b874-0445c86b69e6'", "''", "role unused", "Key Vault Secrets User"),
]


def test_the_real_files_are_without_faults():
    assert findings(read_infra(INFRA)) == []


@pytest.mark.parametrize(
    ("file", "there", "instead", "rule", "named"), FAULTS, ids=[f"{row[3]}: {row[4]}" for row in FAULTS]
)
def test_a_planted_fault_is_found(tmp_path: Path, file: str, there: str, instead: str, rule: str, named: str):
    shutil.copytree(INFRA, tmp_path, dirs_exist_ok=True)
    path = tmp_path / (file if "." in file else f"{file}.bicep")
    text = path.read_text(encoding="utf-8")
    assert there in text
    path.write_text(text.replace(there, instead, 1), encoding="utf-8")
    found = findings(read_infra(tmp_path))
    assert [one for one in found if one.rule == rule and named in one.text], found


def test_every_rule_has_a_planted_fault():
    folder = Path(__file__).parent
    code = "\n".join(path.read_text(encoding="utf-8") for path in folder.glob("check_*.py"))
    rules = set(re.findall(r'(?:wrong\([^"]*|_late\([^"]*)"([a-z ]+)"', code))
    planted = {row[3] for row in FAULTS}
    assert rules == planted


def test_the_default_region_fine_tunes_the_default_base_model():
    declared = read_infra(INFRA).files["main.bicep"].named("aiLocation")
    assert declared is not None
    assert declared.value is not None
    assert value_of(declared.value) in base_models()[OPTIONAL["base_model"][1]].regions
