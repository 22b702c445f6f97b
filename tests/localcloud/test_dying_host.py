"""Messages whose host died: Storage counts how often each was taken, so they end as those do that fail."""

import asyncio
import base64

import pytest
from azure.core.exceptions import ResourceExistsError
from azure.functions.queue import QueueMessage as TriggerMessage
from azure.storage.queue import QueueMessage

from localcloud.functions_host.host_json import QueueSettings
from localcloud.functions_host.indexing import LocalFunction
from localcloud.functions_host.invoking import Invoker
from localcloud.functions_host.queue_triggers import QueueLoop

MESSAGE = base64.b64encode(b"run-1").decode()
TRIGGER = {"type": "queueTrigger", "name": "message", "queueName": "runs", "connection": "AzureWebJobsStorage"}
STORAGE = {"AzureWebJobsStorage__queueServiceUri": "https://st.queue.example"}


class NotedQueue:
    """What the host does to a queue."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.deleted = 0

    async def create_queue(self) -> None:
        raise ResourceExistsError

    async def send_message(self, content: str) -> None:
        self.sent.append(content)

    async def delete_message(self, _id: str, _receipt: str) -> None:
        self.deleted += 1


@pytest.mark.parametrize(("taken_before", "run", "poison"), [(4, ["run-1"], []), (5, [], [MESSAGE])])
def test_a_message_whose_host_dies_each_time_ends_as_poison(taken_before: int, run: list[str], poison: list[str]):
    taken: list[str] = []

    def take(message: TriggerMessage) -> None:
        taken.append(message.get_body().decode())  # the sixth time, it would end this host as well

    message = QueueMessage(content=MESSAGE)
    message.dequeue_count = taken_before + 1
    loop = QueueLoop(LocalFunction("take", TRIGGER, take, False), QueueSettings(), Invoker(), STORAGE)
    queue, set_aside = NotedQueue(), NotedQueue()
    asyncio.run(loop._run_one(queue, set_aside, message))  # type: ignore[arg-type]
    assert (taken, set_aside.sent, queue.deleted) == (run, poison, 1)
