"""What is connected to what: the one place that knows both the use cases and the gateways."""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from shared.core.run import Channel
from shared.settings import read_settings, settings_and_faults
from shared.wiring.services import now
from shared.wiring.use_cases import App

if TYPE_CHECKING:
    from shared.preflight import Told

__all__ = ["App", "app", "look_at_the_site", "now", "send_event"]


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


def look_at_the_site(environment: Mapping[str, str], *, test_card: bool = False) -> "list[Told]":
    """Return what the checks say of the deployment that these settings name, be they complete or not."""
    from shared.gateways.azure_reads import AzureReads
    from shared.gateways.identity import AskedOnce
    from shared.preflight import Site, look

    settings, faults = settings_and_faults(environment)
    azure = AzureReads(settings, AskedOnce(App(settings).credential))
    return look(Site(azure, settings, now, faults=faults, test_card=test_card))
