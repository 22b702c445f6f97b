"""What is connected to what: the one place that knows both the use cases and the gateways.

Gateways are imported where they are first needed, so that a cold start loads only what its trigger uses.
"""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from shared.core.run import Channel, Run
from shared.ports import (
    Datasets,
    DeadLetters,
    Deployment,
    Endpoints,
    Keys,
    Messenger,
    Models,
    Policies,
    Queue,
    Runs,
    Safety,
    Topic,
    Training,
)
from shared.settings import Settings, default_policy, read_settings, settings_and_faults

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from shared.commands import Commands
    from shared.gateways.http_pool import HttpPool
    from shared.gateways.tokens import Tokens
    from shared.guard import Guard
    from shared.health import Health
    from shared.inference import Inference
    from shared.intake import Intake
    from shared.notifier import Backgrounds, Notifier
    from shared.preflight import Site, Told
    from shared.reconciler import Reconciler
    from shared.screening import Screening


COLLECT_AFTER = (20_000, 20, 20)  # objects, and rounds of the younger generations; Python's own: 700, 10, 10


def now() -> datetime:
    """Return the time, in UTC; the only clock of the app."""
    return datetime.now(UTC)


class App:
    """The app's use cases over the real services; each part is made when it is first asked for."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def credential(self) -> "TokenCredential":
        """The app's identity: on Azure the managed one."""
        from shared.gateways.identity import credential

        return credential()

    @cached_property
    def runs(self) -> Runs:
        """The run table."""
        from shared.gateways.run_table import RunTable

        return RunTable(self.settings, self.credential)

    @cached_property
    def models(self) -> Models:
        """The table of model names."""
        from shared.gateways.model_table import ModelTable

        return ModelTable(self.settings, self.credential)

    @cached_property
    def keys(self) -> Keys:
        """The table of API keys."""
        from shared.gateways.key_table import KeyTable

        return KeyTable(self.settings, self.credential)

    @cached_property
    def policies(self) -> Policies:
        """The table of policies."""
        from shared.gateways.policy_table import PolicyTable

        return PolicyTable(self.settings, self.credential)

    @cached_property
    def queue(self) -> Queue:
        """The queue of runs to advance."""
        from shared.gateways.run_queue import RunQueue

        return RunQueue(self.settings, self.credential)

    @cached_property
    def datasets(self) -> Datasets:
        """The blob containers."""
        from shared.gateways.blob_store import BlobStore

        return BlobStore(self.settings, self.credential)

    @cached_property
    def letters(self) -> DeadLetters:
        """Events that were never delivered."""
        from shared.gateways.dead_letters import DeadLetterContainer

        return DeadLetterContainer(self.settings, self.credential)

    @cached_property
    def training(self) -> Training:
        """Azure ML's jobs."""
        from shared.gateways.azure_ml import AzureTraining

        return AzureTraining(self.settings, self.credential, self._obstacle)

    def _obstacle(self, base_model: str) -> str | None:
        from shared.preflight import obstacle

        return obstacle(base_model, self.site)

    @cached_property
    def site(self) -> "Site":
        """The deployment as the preflight looks at it."""
        from shared.gateways.azure_reads import AzureReads
        from shared.preflight import Site

        return Site(AzureReads(self.settings, self.credential), self.settings, now)

    @cached_property
    def endpoints(self) -> Endpoints:
        """Azure ML's serverless endpoints."""
        from shared.gateways.azure_ml import AzureEndpoints

        return AzureEndpoints(self.settings, self.credential)

    @cached_property
    def topic(self) -> Topic:
        """The custom topic."""
        from shared.gateways.event_topic import EventTopic

        return EventTopic(self.settings, self.credential)

    @cached_property
    def notifier(self) -> "Notifier":
        """Telling people."""
        from shared.gateways.email import EmailService
        from shared.gateways.teams import TeamsWebhook
        from shared.notifier import Notifier

        messengers: dict[Channel, Messenger] = {
            Channel.TEAMS: TeamsWebhook(self.settings),
            Channel.EMAIL: EmailService(self.settings, self.credential),
        }
        return Notifier(self.runs, self.topic, messengers, self.backgrounds, now)

    @cached_property
    def backgrounds(self) -> "Backgrounds":
        """What messages and pages know beyond a run."""
        from shared.gateways.report_links import ReportLinks
        from shared.notifier import Backgrounds

        reports = ReportLinks(self.settings, self.credential)
        address = "" if self.settings.app_address == "unknown" else self.settings.app_address
        return Backgrounds(self.runs, reports, now, address, run_pages=self.settings.people_sign_in)

    @cached_property
    def intake(self) -> "Intake":
        """Recording runs."""
        from shared.intake import Intake

        return Intake(self.runs, self.queue, self.datasets, self.letters, now)

    @cached_property
    def reconciler(self) -> "Reconciler":
        """Advancing runs."""
        from shared.core.dataset.cost import prices_of
        from shared.core.lifecycle import limits_of
        from shared.reconciler import Reconciler
        from shared.work import Services

        services = Services(
            datasets=self.datasets,
            training=self.training,
            endpoints=self.endpoints,
            models=self.models,
            screening=self.screening,
            verify=self.verify,
            clock=now,
            default_base_model=self.settings.base_model,
            prices=prices_of(self.settings.training_price, self.settings.hosting_price, self.settings.currency),
        )
        limits = limits_of(self.settings.state_limits)
        return Reconciler(self.runs, self.queue, self.notifier, services, now, limits)

    @cached_property
    def commands(self) -> "Commands":
        """What people ask of runs."""
        from shared.commands import Commands

        return Commands(self.runs, self.queue, now)

    @cached_property
    def screening(self) -> "Screening":
        """Looking through datasets for harm."""
        from shared.core.screening import Mode
        from shared.screening import Screening

        mode, sample = Mode(self.settings.screening), int(self.settings.screening_sample)
        return Screening(self.datasets, self._safety_in_a_loop_of_its_own, now, mode, sample)

    @asynccontextmanager
    async def _safety_in_a_loop_of_its_own(self) -> AsyncIterator[Safety]:
        async with self.http:
            yield self.safety

    @cached_property
    def http(self) -> "HttpPool":
        """The connections of the hot path, by event loop."""
        from shared.gateways.http_pool import HttpPool

        return HttpPool()

    @cached_property
    def guard(self) -> "Guard":
        """Who may ask."""
        from shared.guard import Guard

        return Guard(self.keys, now, signed_in=self.settings.people_sign_in)

    @cached_property
    def inference(self) -> "Inference":
        """Moderated chat completions; may be used in several event loops."""
        from shared.gateways.chat_model import ServerlessChatModel
        from shared.gateways.endpoint_keys import EndpointKeys
        from shared.inference import Inference

        chat = ServerlessChatModel(self.http, EndpointKeys(self.settings, self.http, self.tokens))
        policy = default_policy(self.settings.policy)
        spare_the_collector()
        return Inference(self.models, self.policies, self.safety, chat, now, policy=policy)

    @cached_property
    def tokens(self) -> "Tokens":
        """Tokens of the hot path."""
        from shared.gateways.tokens import Tokens

        return Tokens(self.credential, now)

    @cached_property
    def safety(self) -> Safety:
        """Content Safety; may be used in several event loops."""
        from shared.gateways.content_safety import ContentSafety

        return ContentSafety(self.settings, self.http, self.tokens)

    @cached_property
    def health(self) -> "Health":
        """What /health asks."""
        from shared.gateways.content_safety_check import ContentSafetyCheck
        from shared.health import Health, unchecked_models, undelivered

        checks: dict[str, Callable[[], object]] = {
            "blob storage": lambda: self.datasets.find("health"),
            "run table": lambda: self.runs.history("health"),
            "notifications": lambda: undelivered(self.letters.count()),
            "policy table": lambda: unchecked_models(self.policies.all(), now()),
            "content safety": ContentSafetyCheck(self.settings, self.credential).ask,
        }
        return Health(checks, now)

    def retire_previous(self) -> None:
        """Delete the endpoints that newer ones replaced."""
        from shared.work import retire_previous

        retire_previous(self.models, self.endpoints)

    def verify(self, deployment: Deployment, run: Run) -> str | None:
        """Return what is wrong with the new deployment's moderated answer, or None; runs its own event loop."""
        return asyncio.run(self._verify(deployment, run))

    async def _verify(self, deployment: Deployment, run: Run) -> str | None:
        from shared.verification import problem_of

        async with self.http:
            return await problem_of(deployment, run, self.inference.ask)


def look_at_the_site(environment: Mapping[str, str], *, test_card: bool = False) -> "list[Told]":
    """Return what the checks say of the deployment that these settings name, be they complete or not."""
    from shared.gateways.azure_reads import AzureReads
    from shared.preflight import Site, look

    settings, faults = settings_and_faults(environment)
    azure = AzureReads(settings, App(settings).credential)
    return look(Site(azure, settings, now, faults=faults, test_card=test_card))


def spare_the_collector() -> None:
    """Keep Python's garbage collector from looking through all modules again and again: a fifth of a chat's cost."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


@cache
def app() -> App:
    """Return the app over the settings of this process; raises SettingsError that names what is missing."""
    return App(read_settings())


def send_event(facts: Mapping[str, Any], channel: Channel) -> None:
    """Send the notification that an event of the custom topic holds, when it is for this channel."""
    from shared.gateways.event_topic import notification_of

    notification = notification_of(facts)
    if notification.channel is channel:
        app().notifier.send(notification)
