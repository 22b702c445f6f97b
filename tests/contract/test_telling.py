"""The contracts of Topic and Messenger."""

import gc
import warnings
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.core.messages import NOTHING_MORE
from shared.core.run import Channel, Idle, Notification, Run, State
from shared.errors import NotFound, ServiceRefused, ServiceUnavailable
from shared.gateways.email import EmailService
from shared.gateways.event_topic import EventTopic, _event_of, notification_of
from shared.gateways.teams import TeamsWebhook
from shared.ports import Topic
from tests.cards import texts_of
from tests.contract.azure_ml import AGAIN_AND_AGAIN
from tests.contract.conftest import Real
from tests.contract.examples import RUN
from tests.fakes import FakeTopic

FIFTEEN_DAYS = "1296000"  # seconds; what a used-up quota really answers


@pytest.fixture
def failed(run: Run) -> Run:
    reasons, metrics = ("the training failed: out of memory",), {"train_loss": 0.5}
    return replace(run, state=State.FAILED, reasons=reasons, metrics=metrics, stopped_in=State.TRAINING)


@pytest.fixture
def collected() -> Iterator[None]:
    """Collect garbage while its warnings are off: azure-core does not close a streamed answer that it retries."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def news(run: Run) -> list[Notification]:
    return [Notification(run, channel) for channel in Channel]


@pytest.fixture
def topic(either) -> tuple[Topic, object]:
    """A topic, and what was published there."""

    def gateway(real: Real):
        def published() -> list[Notification]:
            events = [event for call in real.cloud.history("event_grid") for event in call["request"]]
            return [notification_of(event["data"]) for event in events]

        return EventTopic(real.settings, real.credential), published

    fake = FakeTopic()
    return either(lambda: (fake, lambda: fake.published), gateway)


def test_what_is_published_is_what_is_told(topic, failed: Run):
    publish, published = topic[0].publish, topic[1]
    publish(news(failed))
    told = published()
    assert [notification.id for notification in told] == [notification.id for notification in news(failed)]
    assert [notification.run.reasons for notification in told] == [failed.reasons] * 2
    (checked,) = {replace(notification.run.checked, hyperparameters=()) for notification in told}
    kept = ("base_model", "owner", "notify", "trained_tokens", "training_cost", "hosting_per_day", "currency")
    assert {name: getattr(checked, name) for name in kept} == {
        name: getattr(failed.checked, name) for name in kept
    }
    assert {notification.run.job for notification in told} == {failed.job}
    assert [notification.run.metrics for notification in told] == [failed.metrics] * 2
    assert [notification.run.stopped_in for notification in told] == [failed.stopped_in] * 2


def test_that_a_model_is_idle_is_told_as_such(topic, failed: Run):
    idle = Idle(failed.since, failed.since + timedelta(days=3))
    topic[0].publish([Notification(failed, channel, idle) for channel in Channel])
    told = topic[1]()
    assert [notification.idle for notification in told] == [idle] * 2
    assert [notification.id for notification in told] == [
        Notification(failed, channel, idle).id for channel in Channel
    ]


def test_an_event_names_its_run_and_channel(real: Real, failed: Run):
    EventTopic(real.settings, real.credential).publish(news(failed))
    (call,) = real.cloud.history("event_grid")
    assert [event["eventType"] for event in call["request"]] == [
        "TuneDrop.TeamsNotification",
        "TuneDrop.EmailNotification",
    ]
    assert {event["subject"] for event in call["request"]} == {f"/runs/{failed.id}"}
    assert {event["dataVersion"] for event in call["request"]} == {"1"}


@pytest.mark.parametrize("missing", ["id", "state", "channel", "since", "owner", "notify", "cost"])
def test_an_event_that_holds_no_notification_is_refused(missing: str):
    facts = _event_of(Notification(RUN, Channel.TEAMS)).data
    assert notification_of(facts).id == Notification(RUN, Channel.TEAMS).id
    assert (
        notification_of({name: value for name, value in facts.items() if name != "stopped_in"}).run.stopped_in
        is None
    )
    with pytest.raises(ServiceRefused):
        notification_of({name: value for name, value in facts.items() if name != missing})


def test_teams_gets_one_card_of_what_happened_and_why(real: Real, failed: Run):
    TeamsWebhook(real.settings).send(Notification(failed, Channel.TEAMS), NOTHING_MORE)
    (message,) = real.cloud.messages("teams")
    card = message["body"]["attachments"][0]
    assert card["contentType"] == "application/vnd.microsoft.card.adaptive"
    texts = list(texts_of(card["content"]))
    assert texts[0] == "support: the run failed"
    assert "•  the training failed: out of memory" in texts


def test_a_repeated_email_is_one(real: Real, failed: Run):
    service = EmailService(real.settings, real.credential)
    service.send(Notification(failed, Channel.EMAIL), NOTHING_MORE)
    service.send(Notification(failed, Channel.EMAIL), NOTHING_MORE)
    (message,) = real.cloud.messages("email")
    assert message["body"]["content"]["subject"] == "[TuneDrop] support: the run failed"
    recipients = [one["address"] for one in message["body"]["recipients"]["to"]]
    assert recipients == [
        "team@tunedrop.example",
        "ann@example.com",
        "bob@example.com",
        "cid@tunedrop.example",
    ]


def test_the_same_notification_has_the_same_message_id(real: Real, failed: Run):
    notification = Notification(failed, Channel.EMAIL)
    EmailService(real.settings, real.credential).send(notification, NOTHING_MORE)
    (message,) = real.cloud.messages("email")
    assert message["operation"] == notification.id
    assert message["body"]["headers"] == {"Message-ID": f"<{notification.id}@tunedrop.example>"}


def test_an_email_goes_to_nobody_outside_the_domains(real: Real, failed: Run, caplog: pytest.LogCaptureFixture):
    settings = replace(real.settings, email_domains="recipients")
    EmailService(settings, real.credential).send(Notification(failed, Channel.EMAIL), NOTHING_MORE)
    (message,) = real.cloud.messages("email")
    recipients = [one["address"] for one in message["body"]["recipients"]["to"]]
    assert recipients == ["team@tunedrop.example", "cid@tunedrop.example"]
    assert "2 addresses of the manifest got no e-mail" in message["body"]["content"]["plainText"]
    assert "2 addresses are outside EMAIL_DOMAINS" in caplog.text
    assert "example.com" not in caplog.text


@pytest.mark.usefixtures("collected")
@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, ServiceRefused),
        (401, ServiceRefused),
        (403, ServiceRefused),
        (409, None),  # this operation id was handed over before
        (413, ServiceRefused),
        (429, ServiceUnavailable),
        (503, ServiceUnavailable),
    ],
)
def test_what_the_email_service_answers_means_later_never_or_done(
    real: Real, failed: Run, status: int, error: type[Exception] | None
):
    fault = {"service": "inbox", "match": "emails", "times": AGAIN_AND_AGAIN, "status": status}
    real.cloud.add_faults(fault)
    service = EmailService(real.settings, real.credential)
    with pytest.raises(error, match=f"email: {status}") if error else nullcontext():
        service.send(Notification(failed, Channel.EMAIL), NOTHING_MORE)
    assert real.cloud.messages("email") == []


@pytest.mark.parametrize("owner", ["", "the support team", "TEAM@tunedrop.example"])
def test_only_an_owner_with_another_address_is_written_to(real: Real, failed: Run, owner: str):
    run = replace(failed, checked=replace(failed.checked, owner=owner, notify=""))
    EmailService(real.settings, real.credential).send(Notification(run, Channel.EMAIL), NOTHING_MORE)
    (message,) = real.cloud.messages("email")
    assert [one["address"].lower() for one in message["body"]["recipients"]["to"]] == ["team@tunedrop.example"]


@pytest.mark.usefixtures("collected")
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("action", ["status", "cut"])
def test_an_email_whose_answer_is_lost_is_repeated_into_one(real: Real, failed: Run, when: str, action: str):
    service = EmailService(real.settings, real.credential)
    fault = {"service": "inbox", "match": "emails", "times": AGAIN_AND_AGAIN, "when": when, "action": action}
    real.cloud.add_faults(fault)
    with pytest.raises(ServiceUnavailable):
        service.send(Notification(failed, Channel.EMAIL), NOTHING_MORE)
    assert len(real.cloud.messages("email")) == (1 if when == "after" else 0)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (302, ServiceRefused),  # a webhook is not followed to where we know nobody
        (400, ServiceRefused),
        (401, ServiceRefused),
        (403, ServiceRefused),
        (404, NotFound),
        (408, ServiceUnavailable),
        (413, ServiceRefused),
        (429, ServiceUnavailable),
        (500, ServiceUnavailable),
        (501, ServiceRefused),
        (503, ServiceUnavailable),
    ],
)
def test_a_status_means_later_or_never(real: Real, failed: Run, status: int, error: type[Exception]):
    real.cloud.add_faults({"service": "inbox", "status": status})
    with pytest.raises(error, match=f"teams: .*{status}"):
        TeamsWebhook(real.settings).send(Notification(failed, Channel.TEAMS), NOTHING_MORE)


@pytest.mark.usefixtures("collected")
def test_nobody_waits_fifteen_days(real: Real, failed: Run):
    fault = {"service": "inbox", "match": "emails", "status": 429, "headers": {"Retry-After": FIFTEEN_DAYS}}
    real.cloud.add_faults(fault)
    with pytest.raises(ServiceUnavailable) as caught:
        EmailService(real.settings, real.credential).send(Notification(failed, Channel.EMAIL), NOTHING_MORE)
    assert caught.value.retry_after == float(FIFTEEN_DAYS)
    assert len(real.cloud.history("inbox")) == 1


@pytest.mark.usefixtures("collected")
def test_a_card_whose_answer_is_lost_is_not_posted_again_at_once(real: Real, failed: Run):
    real.cloud.add_faults({"service": "inbox", "when": "after", "action": "cut"})
    with pytest.raises(ServiceUnavailable):
        TeamsWebhook(real.settings).send(Notification(failed, Channel.TEAMS), NOTHING_MORE)
    assert len(real.cloud.messages("teams")) == 1


def test_a_webhook_that_is_down_is_told_without_its_url(real: Real, failed: Run):
    settings = replace(real.settings, teams_webhook_url="https://localhost:1/workflows/w?sig=secret")
    with pytest.raises(ServiceUnavailable) as caught:
        TeamsWebhook(settings).send(Notification(failed, Channel.TEAMS), NOTHING_MORE)
    assert str(caught.value) == "teams: no answer (NewConnectionError)"
    assert caught.value.__cause__ is None
