"""The services that the app stands on, each made when it is first asked for.

Gateways are imported where they are first needed, so that a cold start loads only what its trigger uses.
"""

from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from shared.core.base_models import Route
from shared.ports import (
    Datasets,
    DeadLetters,
    Endpoints,
    Keys,
    Models,
    Policies,
    Queue,
    Runs,
    Safety,
    Topic,
    Training,
)
from shared.settings import Settings

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from shared.gateways.http_pool import HttpPool
    from shared.gateways.tokens import Tokens
    from shared.preflight import Site


def now() -> datetime:
    """Return the time, in UTC; the only clock of the app."""
    return datetime.now(UTC)


class Services:
    """The gateways to the services that the settings name."""

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
        """Azure ML's jobs, of both routes."""
        from shared.gateways.routes import RoutedTraining

        return RoutedTraining({Route.SERVERLESS: self._serverless_training, Route.MANAGED: self._managed_training})

    def _serverless_training(self) -> Training:
        from shared.gateways.azure_ml import AzureTraining

        return AzureTraining(self.settings, self.credential, self._obstacle)

    def _managed_training(self) -> Training:
        from shared.gateways.managed_training import ManagedTraining

        return ManagedTraining(self.settings, self.credential, self._obstacle)

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
        """Azure ML's endpoints, of both routes."""
        from shared.gateways.routes import RoutedEndpoints

        return RoutedEndpoints(
            {Route.SERVERLESS: self._serverless_endpoints, Route.MANAGED: self._managed_endpoints}
        )

    def _serverless_endpoints(self) -> Endpoints:
        from shared.gateways.azure_ml import AzureEndpoints

        return AzureEndpoints(self.settings, self.credential)

    def _managed_endpoints(self) -> Endpoints:
        from shared.gateways.managed_endpoints import ManagedEndpoints

        return ManagedEndpoints(self.settings, self.credential)

    @cached_property
    def topic(self) -> Topic:
        """The custom topic."""
        from shared.gateways.event_topic import EventTopic

        return EventTopic(self.settings, self.credential)

    @cached_property
    def http(self) -> "HttpPool":
        """The connections of the hot path, by event loop."""
        from shared.gateways.http_pool import HttpPool

        return HttpPool()

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
