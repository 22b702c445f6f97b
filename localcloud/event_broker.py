"""Event Grid's heart: events come in, and every subscription that wants one gets it at least once."""

import asyncio
import json
import logging
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from localcloud.control import Weather
from localcloud.errors import HandshakeError
from localcloud.event_delivery import NoAnswerError, Post, RetryPolicy, age_of, attempt, dead_letter
from localcloud.event_subscriptions import Event, Subscription

LATE = (0.2, 2.0)  # seconds by which bad weather delays an event, so that its successors overtake it
DeadLetters = Callable[[str, list[dict[str, Any]]], Awaitable[None]]  # (blob name, content)
logger = logging.getLogger(__name__)


@dataclass
class Broker:
    """The subscriptions of one local cloud and the deliveries under way."""

    weather: Weather
    post: Post
    bury: DeadLetters
    policy: RetryPolicy = RetryPolicy()
    late: tuple[float, float] = LATE
    subscribers: dict[str, tuple[Subscription, str]] = field(default_factory=dict)  # by name: what and where to
    deliveries: set[asyncio.Task[None]] = field(default_factory=set)

    async def subscribe(self, subscription: Subscription, url: str) -> None:
        """Validate the subscriber as Event Grid does and begin to deliver; raises HandshakeError."""
        code = uuid.uuid4().hex
        event = validation_event(subscription.topic, code)
        headers = {
            "content-type": "application/json; charset=utf-8",
            "aeg-event-type": "SubscriptionValidation",
            "aeg-subscription-name": subscription.name.upper(),
            "aeg-delivery-count": "0",
            "aeg-data-version": "2",
            "aeg-metadata-version": "1",
        }
        try:
            status, text = await self.post(url, headers, json.dumps([event]).encode())
        except NoAnswerError as error:
            raise HandshakeError(f"{subscription.name}: no answer ({error})") from error
        if status != 200 or _validation_response(text) != code:
            raise HandshakeError(f"{subscription.name}: the handshake was answered with {status}: {text[:200]}")
        self.subscribers[subscription.name] = (subscription, url)

    def publish(self, topic: str, events: Sequence[Event]) -> None:
        """Send events of a topic to every subscription that wants them; returns before they arrive."""
        for event in events:
            for subscription, url in list(self.subscribers.values()):
                if subscription.wants(topic, event):
                    self.deliver(subscription, url, event)

    def deliver(self, subscription: Subscription, url: str, event: Event) -> None:
        """Begin to deliver an event once, or in bad weather late or twice."""
        delay = self.weather.chance.uniform(*self.late) if self.weather.happens(self.weather.reordered) else 0.0
        self._begin(subscription, url, event, delay)
        if self.weather.happens(self.weather.duplicated):
            self._begin(subscription, url, event, delay + self.weather.chance.choice((0.0, *self.late)))

    async def deliver_once(self, subscription: Subscription, url: str, event: Event, count: int) -> int:
        """Return the status with which a subscriber answers one delivery (0: no answer); nothing is repeated."""
        return (await attempt(self.post, url, subscription, event, count)).status

    async def close(self) -> None:
        """Give up what is under way: Event Grid's memory ends with the local cloud."""
        under_way = list(self.deliveries)
        for delivery in under_way:
            delivery.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

    def _begin(self, subscription: Subscription, url: str, event: Event, delay: float) -> None:
        delivery = asyncio.create_task(self._until_delivered(subscription, url, event, delay))
        self.deliveries.add(delivery)
        delivery.add_done_callback(self._ended)

    def _ended(self, delivery: asyncio.Task[None]) -> None:
        self.deliveries.discard(delivery)
        if not delivery.cancelled() and delivery.exception() is not None:
            logger.error("a delivery broke", exc_info=delivery.exception())

    async def _until_delivered(self, subscription: Subscription, url: str, event: Event, delay: float) -> None:
        await asyncio.sleep(delay)
        published, attempts = datetime.now(UTC), 0
        while True:
            last = await attempt(self.post, url, subscription, event, attempts)
            attempts += 1
            if last.delivered:
                return
            reason = self.policy.end_after(attempts, last.status, age_of(published))
            logger.info("%s: attempt %d ended with %s", subscription.name, attempts, last.outcome)
            if reason:
                await self.bury(*dead_letter(subscription, event, reason, attempts, last, published))
                return
            await asyncio.sleep(self.policy.pause_after(attempts))


def validation_event(topic: str, code: str) -> Event:
    """Return the event with which Event Grid asks a subscriber for its consent."""
    return {
        "id": str(uuid.uuid4()),
        "topic": topic,
        "subject": "",
        "data": {"validationCode": code, "validationUrl": ""},
        "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
        "eventTime": datetime.now(UTC).isoformat(),
        "metadataVersion": "1",
        "dataVersion": "2",
    }


def _validation_response(text: str) -> object:
    try:
        answer = json.loads(text)
    except ValueError:
        return None
    return answer.get("validationResponse") if isinstance(answer, dict) else None
