"""The contract of DeadLetters."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from shared.gateways.dead_letters import DeadLetterContainer
from shared.ports import DeadLetter, DeadLetters
from tests.fakes import FakeDeadLetters

EVENT = {"eventType": "Microsoft.Storage.BlobCreated", "subject": "/a", "deadLetterReason": "TimeToLiveExceeded"}
LETTER = DeadLetter("topic/NOTIFY/2026/1.json", EVENT["eventType"], "/a", "TimeToLiveExceeded")
PAST = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def letters(either) -> tuple[DeadLetters, Callable[[DeadLetter, bytes], None]]:
    """The letters, and what Event Grid does with one."""
    fake = FakeDeadLetters()

    def gateway(real):
        from azure.storage.blob import ContainerClient

        container = ContainerClient(real.settings.blob_url, "deadletters", credential=real.credential)
        for name in container.list_blob_names():
            container.delete_blob(name)
        return (
            DeadLetterContainer(real.settings, real.credential),
            lambda letter, content: container.upload_blob(letter.name, content),
        )

    return either(lambda: (fake, lambda letter, _content: fake.bury(letter, datetime.now(UTC))), gateway)


@pytest.mark.parametrize(
    ("content", "letter"),
    [
        (json.dumps([EVENT]).encode(), LETTER),
        (json.dumps(EVENT).encode(), LETTER),
        *[(content, DeadLetter(LETTER.name, "", "", "")) for content in (b"", b"[]", b"{", b"7", b"[7]", b"\xff")],
    ],
)
def test_a_letter_is_read_as_it_was_written(letters, content, letter):
    both, bury = letters
    bury(letter, content)
    assert both.since(PAST) == [letter]
    assert both.since(datetime.now(UTC) + timedelta(minutes=1)) == []
    assert both.count() == 1


def test_a_letter_is_removed_once_and_twice(letters):
    both, bury = letters
    bury(LETTER, json.dumps([EVENT]).encode())
    both.remove(LETTER)
    both.remove(LETTER)
    assert (both.since(PAST), both.count()) == ([], 0)
