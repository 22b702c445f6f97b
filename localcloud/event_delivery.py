"""How one event reaches one subscriber: again and again with growing pauses, and in the end as a dead letter."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from localcloud.event_subscriptions import Event, Subscription

SCALE = 1 / 20  # a laptop's minute is three seconds: Azure's pauses and lifetime, divided by twenty
AZURE_PAUSES = (10, 30, 60, 300, 600, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600)  # seconds; the last one repeats
AZURE_LIFETIME = 24 * 3600  # seconds
ANSWER_LIMIT = 30.0  # seconds that a subscriber has to answer; not scaled, since the app runs at its own speed
SUCCESS = range(200, 205)
HOPELESS = {400: "BadRequest", 401: "Unauthorized", 403: "Forbidden", 413: "RequestEntityTooLarge"}
OUTCOMES = {**HOPELESS, 404: "NotFound", 408: "TimedOut", 412: "PreconditionFailed", 429: "Busy", 503: "Busy"}

Post = Callable[
    [str, Mapping[str, str], bytes], Awaitable[tuple[int, str]]
]  # (URL, headers, body) -> (status, body)


class NoAnswerError(Exception):
    """The subscriber could not be reached or took too long; the text is Event Grid's word for it."""


@dataclass(frozen=True)
class RetryPolicy:
    """When a delivery is tried again, and when it is given up: whichever limit is reached first."""

    pauses: tuple[float, ...] = tuple(pause * SCALE for pause in AZURE_PAUSES)
    attempts: int = 30
    lifetime: float = AZURE_LIFETIME * SCALE

    def pause_after(self, attempts: int) -> float:
        """Return the seconds to wait after so many failed attempts."""
        return self.pauses[min(attempts, len(self.pauses)) - 1]

    def end_after(self, attempts: int, status: int, age: float) -> str:
        """Return why the delivery ends here as Event Grid names it, or nothing when it is to be tried again."""
        if status in HOPELESS:
            return f"Undeliverable due to client error: {status}"
        if attempts >= self.attempts:
            return "MaxDeliveryAttemptsExceeded"
        if age + self.pause_after(attempts) > self.lifetime:
            return "TimeToLiveExceeded"
        return ""


@dataclass(frozen=True)
class Attempt:
    """What came of posting an event: a status (0: no answer) and Event Grid's word for it."""

    status: int
    outcome: str

    @property
    def delivered(self) -> bool:
        """Whether the subscriber took the event."""
        return self.status in SUCCESS


def notification(subscription: Subscription, event: Event, count: int) -> tuple[dict[str, str], bytes]:
    """Return headers and body of a delivery: one event, in an array; `count` deliveries went before."""
    headers = {
        "content-type": "application/json; charset=utf-8",
        "aeg-event-type": "Notification",
        "aeg-subscription-name": subscription.name.upper(),
        "aeg-delivery-count": str(count),
        "aeg-data-version": str(event.get("dataVersion", "")),
        "aeg-metadata-version": "1",
        "aeg-output-event-id": str(event.get("id", "")),
    }
    return headers, json.dumps([event]).encode()


async def attempt(post: Post, url: str, subscription: Subscription, event: Event, count: int) -> Attempt:
    """Return what the subscriber said to one delivery."""
    headers, body = notification(subscription, event, count)
    try:
        status, _text = await post(url, headers, body)
    except NoAnswerError as error:
        return Attempt(0, str(error))
    return Attempt(status, "Delivered" if status in SUCCESS else OUTCOMES.get(status, "GenericError"))


def dead_letter(
    subscription: Subscription, event: Event, reason: str, attempts: int, last: Attempt, published: datetime
) -> tuple[str, list[dict[str, Any]]]:
    """Return the blob's name and content: the event and why it never arrived."""
    now = datetime.now(UTC)
    letter = {
        **event,
        "deadLetterReason": reason,
        "deliveryAttempts": attempts,
        "lastDeliveryOutcome": last.outcome,
        "lastHttpStatusCode": last.status,
        "publishTime": published.isoformat(),
        "lastDeliveryAttemptTime": now.isoformat(),
    }
    folder = f"{event.get('topic', '')}/{subscription.name.upper()}/{now.year}/{now.month}/{now.day}/{now.hour}"
    return f"{folder.strip('/')}/{event.get('id', 'event')}-{now:%H%M%S%f}.json", [letter]


def age_of(published: datetime) -> float:
    """Return how long ago an event was published, in seconds."""
    return (datetime.now(UTC) - published) / timedelta(seconds=1)
