"""Event Grid's promises: at least once, in any order, growing pauses, and dead letters in the end."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from localcloud.control import Weather
from localcloud.errors import HandshakeError
from localcloud.event_broker import Broker
from localcloud.event_delivery import NoAnswerError, RetryPolicy
from localcloud.event_grid import events_in
from localcloud.event_subscriptions import CUSTOM_TOPIC, STORAGE_TOPIC, SUBSCRIPTIONS, Subscription

QUICK = RetryPolicy(pauses=(0.0,), attempts=4, lifetime=60)
SUBSCRIPTION = Subscription("notify-teams", CUSTOM_TOPIC, "notify_teams")
EVENT = {"id": "e1", "topic": "/t", "subject": "s", "eventType": "T", "data": {}, "dataVersion": "1"}


@dataclass
class Subscriber:
    """A subscriber that answers with statuses in turn, the last one for ever (0: no answer)."""

    statuses: list[int]
    got: list[dict[str, str]] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    letters: list[tuple[str, list[dict[str, Any]]]] = field(default_factory=list)

    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, str]:
        self.got.append(dict(headers))
        event = json.loads(body)[0]
        if headers["aeg-event-type"] == "SubscriptionValidation":
            return 200, json.dumps({"validationResponse": event["data"]["validationCode"]})
        self.events.append(event["id"])
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        if status == 0:
            raise NoAnswerError("TimedOut")
        return status, ""

    async def bury(self, name: str, letter: list[dict[str, Any]]) -> None:
        self.letters.append((name, letter))


def broker_of(subscriber: Subscriber, policy: RetryPolicy = QUICK, weather: Weather | None = None) -> Broker:
    if weather is None:
        weather = Weather(1)
        weather.calm()
    subscribers = {"s": (SUBSCRIPTION, "http://here")}
    return Broker(weather, subscriber, subscriber.bury, policy, late=(0.01, 0.05), subscribers=subscribers)


async def published(broker: Broker, *ids: str) -> None:
    broker.publish(CUSTOM_TOPIC, [{**EVENT, "id": one} for one in ids])
    await asyncio.gather(*broker.deliveries)


@pytest.mark.parametrize(
    ("statuses", "attempts", "reason", "outcome"),
    [
        ([200], 1, None, None),
        ([204], 1, None, None),
        ([500, 503, 202], 3, None, None),
        ([0, 404, 200], 3, None, None),
        ([205, 200], 2, None, None),  # 200 to 204 mean delivered, nothing else
        ([500], 4, "MaxDeliveryAttemptsExceeded", "GenericError"),
        ([0], 4, "MaxDeliveryAttemptsExceeded", "TimedOut"),
        ([404], 4, "MaxDeliveryAttemptsExceeded", "NotFound"),
        ([400], 1, "Undeliverable due to client error: 400", "BadRequest"),
        ([500, 401], 2, "Undeliverable due to client error: 401", "Unauthorized"),
        ([403], 1, "Undeliverable due to client error: 403", "Forbidden"),
        ([413], 1, "Undeliverable due to client error: 413", "RequestEntityTooLarge"),
    ],
)
async def test_a_delivery_is_repeated_until_it_succeeds_or_is_hopeless(
    statuses: list[int], attempts: int, reason: str | None, outcome: str | None
) -> None:
    subscriber = Subscriber(statuses)
    await published(broker_of(subscriber), "e1")
    assert [headers["aeg-delivery-count"] for headers in subscriber.got] == [str(n) for n in range(attempts)]
    letters = [letter for _name, content in subscriber.letters for letter in content]
    assert [(one["deadLetterReason"], one["lastDeliveryOutcome"]) for one in letters] == (
        [(reason, outcome)] if reason else []
    )


async def test_a_dead_letter_holds_the_event_and_its_story() -> None:
    subscriber = Subscriber([503])
    await published(broker_of(subscriber), "e1")
    name, [letter] = subscriber.letters[0]
    assert name.startswith("t/NOTIFY-TEAMS/20")
    assert name.endswith(".json")
    assert letter["id"] == "e1"
    assert letter["deliveryAttempts"] == 4
    assert letter["lastHttpStatusCode"] == 503
    assert letter["publishTime"] <= letter["lastDeliveryAttemptTime"]


async def test_an_event_past_its_lifetime_is_given_up() -> None:
    subscriber = Subscriber([500])
    await published(broker_of(subscriber, RetryPolicy(pauses=(5.0,), attempts=30, lifetime=1)), "e1")
    assert subscriber.letters[0][1][0]["deadLetterReason"] == "TimeToLiveExceeded"


def test_pauses_grow_as_azures_do_and_the_last_one_repeats() -> None:
    pauses = [RetryPolicy().pause_after(attempts) for attempts in (1, 2, 3, 4, 10, 29)]
    assert pauses == [0.5, 1.5, 3.0, 15.0, 2160.0, 2160.0]


async def test_a_delivery_tells_what_event_grid_tells() -> None:
    subscriber = Subscriber([200])
    await published(broker_of(subscriber), "e1")
    assert subscriber.got[0]["aeg-event-type"] == "Notification"
    assert subscriber.got[0]["aeg-subscription-name"] == "NOTIFY-TEAMS"


async def test_bad_weather_delivers_twice_and_out_of_order_but_loses_nothing() -> None:
    subscriber = Subscriber([200])
    weather = Weather(3, duplicated=0.5, reordered=0.5)
    sent = [str(number) for number in range(8)]
    await published(broker_of(subscriber, weather=weather), *sent)
    assert set(subscriber.events) == set(sent)
    assert len(subscriber.events) > len(sent)
    assert list(dict.fromkeys(subscriber.events)) != sent


async def test_a_subscriber_must_prove_that_it_wants_events() -> None:
    subscriber = Subscriber([200])
    broker = broker_of(subscriber)
    await broker.subscribe(SUBSCRIPTIONS[0], "http://here")
    assert "dataset-uploaded" in broker.subscribers

    async def wrong(_url: str, _headers: Mapping[str, str], _body: bytes) -> tuple[int, str]:
        return 202, '{"validationResponse": "another"}'

    broker.post = wrong
    with pytest.raises(HandshakeError, match="202"):
        await broker.subscribe(SUBSCRIPTIONS[1], "http://here")


def blob_event(**changes: Any) -> dict[str, Any]:
    event = {
        "eventType": "Microsoft.Storage.BlobCreated",
        "subject": "/blobServices/default/containers/datasets/blobs/a.jsonl",
        "data": {"api": "PutBlob"},
    }
    return {**event, **changes}


@pytest.mark.parametrize(
    ("topic", "event", "wanted"),
    [
        (STORAGE_TOPIC, blob_event(), True),
        (STORAGE_TOPIC, blob_event(data={"api": "flushwithclose"}), True),
        (STORAGE_TOPIC, blob_event(data={"api": "CreateFile"}), False),
        (STORAGE_TOPIC, blob_event(data=None), False),
        (STORAGE_TOPIC, blob_event(eventType="Microsoft.Storage.BlobDeleted"), False),
        (STORAGE_TOPIC, blob_event(subject="/blobServices/default/containers/reports/blobs/a.jsonl"), False),
        (CUSTOM_TOPIC, blob_event(), False),
    ],
)
def test_the_filter_of_storage_events(topic: str, event: dict[str, Any], wanted: bool) -> None:
    assert SUBSCRIPTIONS[0].wants(topic, event) is wanted


@pytest.mark.parametrize(
    ("subject", "wanted"), [("/a/b.jsonl", True), ("/A/B.JSONL", True), ("/a/b.csv", False), ("/b/b.jsonl", False)]
)
def test_subjects_are_compared_without_case(subject: str, wanted: bool) -> None:
    subscription = Subscription("s", CUSTOM_TOPIC, "f", subject_begins="/a/", subject_ends=".jsonl")
    assert subscription.wants(CUSTOM_TOPIC, {"subject": subject}) is wanted


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"{", "not JSON"),
        (b"{}", "array"),
        (b"[1]", "array"),
        (b'[{"id": "1"}]', "event 0 lacks subject, eventType, eventTime, dataVersion"),
    ],
)
def test_a_bad_publish_request_is_refused_with_its_fault(body: bytes, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        events_in(body)
