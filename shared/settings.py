"""The app's settings, read once from the environment; docs/settings.md explains each."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.core.lifecycle import limits_of
from shared.core.policy import BadPolicy, Policy, policy_of
from shared.errors import SettingsError

if TYPE_CHECKING:
    from shared.core.dataset.cost import Prices

REQUIRED = {
    "blob_url": "AzureWebJobsStorage__blobServiceUri",
    "queue_url": "AzureWebJobsStorage__queueServiceUri",
    "table_url": "AzureWebJobsStorage__tableServiceUri",
    "subscription": "AZURE_SUBSCRIPTION_ID",
    "resource_group": "AZURE_RESOURCE_GROUP",
    "workspace": "AZURE_ML_WORKSPACE",
    "event_topic_url": "EVENT_TOPIC_URL",
    "content_safety_url": "CONTENT_SAFETY_URL",
    "teams_webhook_url": "TEAMS_WEBHOOK_URL",
    "email_url": "EMAIL_URL",
    "email_sender": "EMAIL_SENDER",
    "email_recipients": "EMAIL_RECIPIENTS",
}
OPTIONAL = {
    "arm_url": ("ARM_URL", "https://management.azure.com"),
    "training_datastore": ("TRAINING_DATASTORE", "tunedrop"),
    "training_compute": ("TRAINING_COMPUTE", "serverless"),
    "training_instance": ("TRAINING_INSTANCE", "Standard_NC24ads_A100_v4"),
    "training_gpus": ("TRAINING_GPUS", "1"),
    "training_tier": ("TRAINING_TIER", "standard"),
    "hosting_instance": ("HOSTING_INSTANCE", "Standard_NC24ads_A100_v4"),
    "hosting_engine": ("HOSTING_ENGINE", "transformers"),
    "base_model": ("BASE_MODEL", "Phi-4-mini-instruct"),
    "state_limits": ("STATE_LIMITS", "training=48"),
    "screening": ("SCREENING", "sample"),
    "screening_sample": ("SCREENING_SAMPLE", "200"),
    "training_price": ("PRICE_PER_1000_TRAINING_TOKENS", "unknown"),
    "hosting_price": ("HOSTING_PER_HOUR", "unknown"),
    "gpu_training_price": ("GPU_TRAINING_PER_HOUR", "unknown"),
    "gpu_hosting_price": ("GPU_HOSTING_PER_HOUR", "unknown"),
    "currency": ("CURRENCY", "USD"),
    "idle_days": ("IDLE_DAYS", "3"),
    "app_address": ("APP_URL", "unknown"),
    "email_domains": ("EMAIL_DOMAINS", "recipients"),
    "report_link_days": ("REPORT_LINK_DAYS", "7"),
    "policy": ("CONTENT_SAFETY_POLICY", "{}"),
    "app_service_authentication": ("APP_SERVICE_AUTHENTICATION", "off"),
}

SPELLED = {
    "training_compute": (r"serverless|[A-Za-z][A-Za-z0-9-]{1,31}", "serverless, or the name of a compute cluster"),
    "training_instance": (r"Standard_\w{2,60}", "the name of an instance type, as in Standard_NC24ads_A100_v4"),
    "training_gpus": (r"[1-8]", "a whole number from 1 to 8"),
    "training_tier": (r"standard|spot", "standard or spot"),
    "hosting_instance": (r"Standard_\w{2,60}", "the name of an instance type, as in Standard_NC24ads_A100_v4"),
    "hosting_engine": (r"transformers|vllm", "transformers or vllm"),
    "screening": (r"all|sample|off", "all, sample or off"),
    "screening_sample": (r"[1-9]\d{0,8}", "a whole number above 0"),
    "training_price": (r"unknown|\d{1,9}(\.\d{1,9})?", "a number, or unknown"),
    "hosting_price": (r"unknown|\d{1,9}(\.\d{1,9})?", "a number, or unknown"),
    "gpu_training_price": (r"unknown|\d{1,9}(\.\d{1,9})?", "a number, or unknown"),
    "gpu_hosting_price": (r"unknown|\d{1,9}(\.\d{1,9})?", "a number, or unknown"),
    "currency": (r"[A-Z]{3}", "three letters, as in USD"),
    "idle_days": (r"\d{1,3}", "a whole number of days; 0 is never"),
    "app_service_authentication": (r"on|off", "on or off"),
    "app_address": (
        r"unknown|https://[^\s?#]+|http://(localhost|127\.0\.0\.1)(:\d+)?",
        "the app's address, beginning with https://, or unknown",
    ),
    "email_domains": (
        r"recipients|[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(\s*,\s*[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+)*",
        "domains, separated by commas, or recipients",
    ),
    "report_link_days": (r"[0-7]", "a number of days from 0 to 7"),
}


@dataclass(frozen=True)
class Settings:
    """Where the services are and what is chosen; URLs end without a slash. One secret: the webhook's URL."""

    blob_url: str
    queue_url: str
    table_url: str
    subscription: str
    resource_group: str
    workspace: str
    event_topic_url: str
    content_safety_url: str
    teams_webhook_url: str
    email_url: str
    email_sender: str
    email_recipients: str
    arm_url: str
    training_datastore: str
    training_compute: str
    training_instance: str
    training_gpus: str
    training_tier: str
    hosting_instance: str
    hosting_engine: str
    base_model: str
    state_limits: str
    screening: str
    screening_sample: str
    training_price: str
    hosting_price: str
    gpu_training_price: str
    gpu_hosting_price: str
    currency: str
    idle_days: str
    app_address: str
    email_domains: str
    report_link_days: str
    policy: str
    app_service_authentication: str

    @property
    def people_sign_in(self) -> bool:
        """Whether App Service authentication stands before the app."""
        return self.app_service_authentication == "on"

    @property
    def prices(self) -> "Prices":
        """What the subscription pays; raises ValueError for settings with faults."""
        from shared.core.dataset.cost import prices_of

        return prices_of(
            self.training_price,
            self.hosting_price,
            self.currency,
            self.gpu_training_price,
            self.gpu_hosting_price,
            self.training_gpus,
        )

    def __repr__(self) -> str:
        """Name the workspace only: the webhook's URL is a secret."""
        return f"Settings(workspace={self.workspace!r})"


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings; raises SettingsError that names every variable that is missing or is no https URL."""
    settings, faults = settings_and_faults(environment)
    if faults:
        raise SettingsError("; ".join(faults) + ". See docs/settings.md.")
    return settings


def settings_and_faults(environment: Mapping[str, str]) -> tuple[Settings, tuple[str, ...]]:
    """Return the settings as far as they are there, empty where they are missing, and what is wrong with them."""
    values = {field: environment.get(variable, "") for field, variable in REQUIRED.items()}
    values |= {field: environment.get(variable) or default for field, (variable, default) in OPTIONAL.items()}
    values = {field: value.strip().rstrip("/") for field, value in values.items()}
    variables = REQUIRED | {field: variable for field, (variable, _default) in OPTIONAL.items()}
    faults = [f"{variables[field]} is missing" for field, value in values.items() if not value]
    faults += [
        f"{variables[field]} must begin with https://"
        for field, value in values.items()
        if field.endswith("_url") and value and not value.startswith("https://")
    ]
    faults += [f"{variables[field]} must be {wanted}" for field, wanted in _wrong(values)]
    faults += _policy_faults(values["policy"])
    try:
        limits_of(values["state_limits"])
    except ValueError as problem:
        faults.append(f"STATE_LIMITS: {problem}")
    return Settings(**values), tuple(faults)


def _wrong(values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the fields that are spelled wrong, and what each must be."""
    for field, (pattern, wanted) in SPELLED.items():
        if not re.fullmatch(pattern, values[field], re.ASCII):
            yield field, wanted


def default_policy(text: str) -> Policy:
    """Return the policy of models that have none of their own; raises BadPolicy."""
    try:
        facts = json.loads(text)
    except ValueError:
        raise BadPolicy("it is no JSON") from None
    policy = policy_of(facts)
    if policy.opt_out is not None:
        raise BadPolicy("opt_out is for single models only, see docs/safety.md")
    return policy


def _policy_faults(text: str) -> Iterator[str]:
    try:
        default_policy(text)
    except BadPolicy as error:
        yield f"CONTENT_SAFETY_POLICY must be a policy: {error}"
