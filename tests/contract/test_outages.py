"""A service that is not there: every gateway says so, soon, and in TuneDrop's own words."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from shared.core.messages import NOTHING_MORE
from shared.core.run import Channel, Notification, Run
from shared.errors import ServiceUnavailable
from shared.gateways.blob_store import BlobStore
from shared.gateways.email import EmailService
from shared.gateways.event_topic import EventTopic
from shared.gateways.key_table import KeyTable
from shared.gateways.model_table import ModelTable
from shared.gateways.policy_table import PolicyTable
from shared.gateways.run_queue import RunQueue
from shared.gateways.run_table import RunTable
from tests.contract.conftest import Real

NOBODY = "https://localhost:1"  # no loopback service listens there
SOON = 15.0  # seconds
Call = Callable[[Any, Any, Run], object]
CALLS: dict[str, Call] = {
    "blob storage": lambda settings, identity, run: BlobStore(settings, identity).find("support.jsonl"),
    "run queue": lambda settings, identity, run: RunQueue(settings, identity).put(run.id),
    "run table": lambda settings, identity, run: RunTable(settings, identity).add(run),
    "model table": lambda settings, identity, run: ModelTable(settings, identity).find("support"),
    "key table": lambda settings, identity, run: KeyTable(settings, identity).find("00ff"),
    "policy table": lambda settings, identity, run: PolicyTable(settings, identity).find("support"),
    "event topic": lambda settings, identity, run: EventTopic(settings, identity).publish(
        [Notification(run, Channel.TEAMS)]
    ),
    "email": lambda settings, identity, run: EmailService(settings, identity).send(
        Notification(run, Channel.EMAIL), NOTHING_MORE
    ),
}


@pytest.mark.parametrize("service", CALLS)
def test_an_outage_is_told_soon(real: Real, run: Run, service: str):
    account = f"{NOBODY}/devstoreaccount1"
    gone = replace(
        real.settings,
        blob_url=account,
        queue_url=account,
        table_url=account,
        event_topic_url=f"{NOBODY}/api/events",
        email_url=NOBODY,
    )
    begun = time.monotonic()
    with pytest.raises(ServiceUnavailable, match=rf"{service}: no answer \(\w+\)") as caught:
        CALLS[service](gone, real.credential, run)
    assert caught.value.service == service
    assert time.monotonic() - begun < SOON
