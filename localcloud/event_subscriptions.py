"""Who gets which event: the subscriptions that the infrastructure declares on Azure, and their filters."""

from dataclasses import dataclass
from typing import Any

Event = dict[str, Any]  # an event as it goes over the wire (Event Grid schema)

STORAGE_TOPIC = "storage"
CUSTOM_TOPIC = "tunedrop"
WORKSPACE_TOPIC = "workspace"
TOPICS = (STORAGE_TOPIC, CUSTOM_TOPIC, WORKSPACE_TOPIC)


@dataclass(frozen=True)
class Subscription:
    """One subscription: a topic, a function, and what its events look like; an empty filter lets all pass."""

    name: str
    topic: str
    function: str
    event_types: tuple[str, ...] = ()
    subject_begins: str = ""
    subject_ends: str = ""
    apis: tuple[str, ...] = ()  # the advanced filter "data.api StringIn", which ignores case

    def wants(self, topic: str, event: Event) -> bool:
        """Tell whether an event of a topic passes the filters; subjects and types are compared without case."""
        subject, api = str(event.get("subject", "")).lower(), str((event.get("data") or {}).get("api", ""))
        return (
            topic == self.topic
            and (not self.event_types or _in(str(event.get("eventType", "")), self.event_types))
            and subject.startswith(self.subject_begins.lower())
            and subject.endswith(self.subject_ends.lower())
            and (not self.apis or _in(api, self.apis))
        )


def _in(value: str, accepted: tuple[str, ...]) -> bool:
    return value.lower() in {one.lower() for one in accepted}


SUBSCRIPTIONS = (
    Subscription(
        "dataset-uploaded",
        STORAGE_TOPIC,
        "dataset_uploaded",
        event_types=("Microsoft.Storage.BlobCreated",),
        subject_begins="/blobServices/default/containers/datasets/",
        subject_ends=".jsonl",
        apis=("PutBlob", "PutBlockList", "CopyBlob", "FlushWithClose"),
    ),
    Subscription("notify-teams", CUSTOM_TOPIC, "notify_teams", event_types=("TuneDrop.TeamsNotification",)),
    Subscription("notify-email", CUSTOM_TOPIC, "notify_email", event_types=("TuneDrop.EmailNotification",)),
    Subscription(
        "job-changed",
        WORKSPACE_TOPIC,
        "job_changed",
        event_types=tuple(
            f"Microsoft.MachineLearningServices.{kind}" for kind in ("RunCompleted", "RunStatusChanged")
        ),
    ),
)
