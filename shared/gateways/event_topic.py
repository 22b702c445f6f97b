"""The Event Grid custom topic: a notification as an event, and back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from azure.core.credentials import TokenCredential
from azure.eventgrid import EventGridEvent, EventGridPublisherClient

from shared.calling import calling, client_options
from shared.core.base_models import Route
from shared.core.run import Channel, Checked, Idle, Notification, Run, State
from shared.core.run_view import run_view
from shared.errors import ServiceRefused
from shared.settings import Settings

SERVICE = "event topic"
EVENT_TYPES = {Channel.TEAMS: "TuneDrop.TeamsNotification", Channel.EMAIL: "TuneDrop.EmailNotification"}


class EventTopic:
    """Publishes notifications to the custom topic."""

    def __init__(self, settings: Settings, credential: TokenCredential) -> None:
        self._topic = EventGridPublisherClient(settings.event_topic_url, credential, **client_options(SERVICE))

    def publish(self, notifications: Sequence[Notification]) -> None:
        """Publish; an event's id is the notification's, so a repeated one can be told."""
        with calling(SERVICE):
            self._topic.send([_event_of(notification) for notification in notifications])


def _event_of(notification: Notification) -> EventGridEvent:
    run = notification.run
    return EventGridEvent(
        id=notification.id,
        subject=f"/runs/{run.id}",
        event_type=EVENT_TYPES[notification.channel],
        event_time=notification.idle.told if notification.idle else run.since,
        data=run_view(run) | _for_messages(notification) | {"channel": notification.channel.value},
        data_version="1",
    )


def _for_messages(notification: Notification) -> dict[str, Any]:
    """Return what messages need and GET /runs does not show."""
    run, idle = notification.run, notification.idle
    checked = run.checked
    told: dict[str, Any] = {"owner": checked.owner, "notify": checked.notify, "route": checked.route}
    if idle:
        told["idle"] = {"since": idle.since.isoformat(), "told": idle.told.isoformat()}
    stopped_in = run.stopped_in.value if run.stopped_in else ""
    return told | {"job_attempt": run.job_attempt, "stopped_in": stopped_in}


def _idle_of(facts: Mapping[str, Any]) -> Idle | None:
    idle = facts.get("idle")
    return Idle(*(datetime.fromisoformat(idle[name]) for name in ("since", "told"))) if idle else None


def _stopped_in(facts: Mapping[str, Any]) -> State | None:
    stopped_in = facts.get("stopped_in")
    return State(stopped_in) if stopped_in else None


def notification_of(facts: Mapping[str, Any]) -> Notification:
    """Return the notification that an event's data holds; raises ServiceRefused when it is none of ours.

    Events on their way from an earlier version hold no route and not where the run stopped.
    """
    try:
        checked = Checked(
            base_model=facts["base_model"],
            route=facts.get("route", Route.SERVERLESS.value),
            training_examples=facts["training_examples"],
            validation_examples=facts["validation_examples"],
            tokens=facts["tokens"],
            hyperparameters=facts["hyperparameters"],
            owner=facts["owner"],
            notify=facts["notify"],
            **facts["cost"],
        )
        run = Run(
            id=facts["id"],
            model=facts["model"],
            dataset=facts["dataset"],
            etag="",
            created=datetime.fromisoformat(facts["created"]),
            state=State(facts["state"]),
            since=datetime.fromisoformat(facts["since"]),
            reasons=tuple(facts["reasons"]),
            checked=checked,
            attempt=facts["attempt"],
            job_attempt=facts["job_attempt"],
            stopped_in=_stopped_in(facts),
            metrics=facts["job"]["metrics"],
        )
        return Notification(run, Channel(facts["channel"]), _idle_of(facts))
    except (KeyError, TypeError, ValueError) as error:
        raise ServiceRefused(SERVICE, f"the event holds no notification: {error!r}", 400, "BadEvent") from None
