"""The environment of the app on the local cloud: the same variables as on Azure, with other URLs."""

import os
from collections.abc import Mapping

from localcloud.frame import Cloud
from localcloud.identity import HEADER
from localcloud.teams import webhook_url

SENDER_DOMAIN = "tunedrop.example"
FOREIGN = (
    "AZURE_",
    "AZUREML_",
    "AzureWebJobs",
    "IDENTITY_",
    "MSI_",
    "ARM_",
    "EVENT_",
    "SCREENING",
    "CONTENT_SAFETY_",
    "EMAIL_",
    "TEAMS_",
    "APP_",
    "TRAINING_",
    "HOSTING_",
    "GPU_",
    "REPORT_LINK_",
)


def app_settings(cloud: Cloud) -> dict[str, str]:
    """Return every app setting, as `az functionapp config appsettings` would hold them."""
    urls, ca = cloud.urls, str(cloud.ca_file)
    return {
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "PYTHON_ENABLE_INIT_INDEXING": "1",
        "AzureWebJobsStorage__blobServiceUri": urls["blob"],
        "AzureWebJobsStorage__queueServiceUri": urls["queue"],
        "AzureWebJobsStorage__tableServiceUri": urls["table"],
        "AzureWebJobsStorage__credential": "managedidentity",
        "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
        "IDENTITY_ENDPOINT": f"{urls['identity']}/msi/token",
        "IDENTITY_HEADER": cloud.shared[HEADER],
        "AZURE_SUBSCRIPTION_ID": "00000000-0000-0000-0000-000000000000",
        "AZURE_RESOURCE_GROUP": "rg-local",
        "AZURE_ML_WORKSPACE": "tunedrop",
        "ARM_URL": urls["arm"],
        "TRAINING_DATASTORE": "tunedrop",
        "TRAINING_COMPUTE": "serverless",
        "TRAINING_INSTANCE": "Standard_NC24ads_A100_v4",
        "TRAINING_GPUS": "1",
        "TRAINING_TIER": "standard",
        "HOSTING_INSTANCE": "Standard_NC24ads_A100_v4",
        "HOSTING_ENGINE": "transformers",
        "BASE_MODEL": "Phi-4-mini-instruct",
        "STATE_LIMITS": "training=48",
        "SCREENING": "sample",
        "SCREENING_SAMPLE": "200",
        "PRICE_PER_1000_TRAINING_TOKENS": "unknown",
        "HOSTING_PER_HOUR": "unknown",
        "GPU_TRAINING_PER_HOUR": "unknown",
        "GPU_HOSTING_PER_HOUR": "unknown",
        "CURRENCY": "USD",
        "CONTENT_SAFETY_POLICY": "{}",
        "APP_SERVICE_AUTHENTICATION": "off",
        "EVENT_TOPIC_URL": f"{urls['event_grid']}/api/events",
        "CONTENT_SAFETY_URL": urls["content_safety"],
        "TEAMS_WEBHOOK_URL": webhook_url(cloud),
        "EMAIL_URL": urls["inbox"],
        "EMAIL_SENDER": f"donotreply@{SENDER_DOMAIN}",
        "EMAIL_RECIPIENTS": "team@tunedrop.example",
        "EMAIL_DOMAINS": "tunedrop.example,example.com",
        "REPORT_LINK_DAYS": "7",
        "IDLE_DAYS": "3",
        "APP_URL": urls["functions"],
        "ADVANCE_RUNS_SCHEDULE": "*/2 * * * * *",
        "REQUESTS_CA_BUNDLE": ca,
        "SSL_CERT_FILE": ca,
        "NO_PROXY": "localhost,127.0.0.1",
    }


def child_environment(settings: Mapping[str, str], outside: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return what a child sees: this shell's environment without its Azure accounts, and the app settings."""
    kept = {name: value for name, value in outside.items() if not name.startswith(FOREIGN)}
    return {**kept, "PYTHONUNBUFFERED": "1", "no_proxy": "localhost,127.0.0.1", **settings}
