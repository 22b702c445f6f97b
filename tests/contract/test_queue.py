"""The contract of Queue."""

import base64
from collections.abc import Callable

import pytest

from shared.core.run import Run
from shared.gateways.run_queue import RunQueue
from shared.ports import Queue
from tests.fakes import FakeQueue


@pytest.fixture
def queue(either) -> tuple[Queue, Callable[[], list[str]]]:
    """A queue, and what the host would find there."""
    fake = FakeQueue()

    def gateway(real):
        from azure.storage.queue import QueueClient

        client = QueueClient(real.settings.queue_url, "runs", credential=real.credential)

        def received() -> list[str]:
            return [base64.b64decode(message.content).decode() for message in client.receive_messages()]

        return RunQueue(real.settings, real.credential), received

    return either(lambda: (fake, lambda: fake.ids), gateway)


def test_a_message_is_the_run_id_alone(queue, run: Run):
    put, received = queue[0].put, queue[1]
    put(run.id)
    assert run.id in received()


def test_asking_twice_is_two_messages(queue, run: Run):
    put, received = queue[0].put, queue[1]
    put(run.id)
    put(run.id)
    assert received().count(run.id) == 2


def test_a_queue_is_crowded_while_many_messages_wait(queue, run: Run):
    put, received, crowded = queue[0].put, queue[1], queue[0].crowded
    received()
    for _ in range(31):
        put(run.id)
    assert not crowded()
    put(run.id)
    assert crowded()
