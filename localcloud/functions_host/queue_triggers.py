"""Queue functions: messages are leased, run, deleted; what fails comes back, and in the end is poison."""

import asyncio
import base64
import binascii
import logging
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

from azure.core.exceptions import AzureError, ResourceExistsError, ResourceNotFoundError
from azure.functions.queue import QueueMessage as TriggerMessage
from azure.identity.aio import DefaultAzureCredential
from azure.storage.queue import QueueMessage
from azure.storage.queue.aio import QueueClient

from localcloud.functions_host.host_json import SCALE, QueueSettings
from localcloud.functions_host.indexing import FunctionLoadError, LocalFunction
from localcloud.functions_host.invoking import Invoker

LEASE = round(600 * SCALE)  # seconds that a message is invisible while its function runs; renewed halfway
QUICKEST, SLOWEST = 0.1, 1.0  # seconds between two looks into an empty queue; Azure's slowest is a minute
logger = logging.getLogger("Host.Triggers.Queue")


class QueueLoop:
    """Runs one queue function for the messages of its queue."""

    def __init__(
        self,
        function: LocalFunction,
        settings: QueueSettings,
        invoker: Invoker,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._function, self._settings, self._invoker = function, settings, invoker
        self._name = str(function.trigger["queueName"])
        self._url = service_url(function, environment)
        self._running: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Take messages until cancelled; a storage that fails to answer is asked again."""
        async with (
            DefaultAzureCredential() as credential,
            QueueClient(self._url, self._name, credential=credential) as queue,
            QueueClient(self._url, f"{self._name}-poison", credential=credential) as poison,
        ):
            await self._take_for_ever(queue, poison)

    async def _take_for_ever(self, queue: QueueClient, poison: QueueClient) -> None:
        pause = QUICKEST
        try:
            while True:
                messages = await self._taken(queue)
                for message in messages:
                    self._begin(self._run_one(queue, poison, message))
                pause = QUICKEST if messages else min(pause * 2, SLOWEST)
                await asyncio.sleep(pause if not messages else 0)
                while len(self._running) > self._settings.new_batch_below:
                    await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in self._running:
                task.cancel()

    async def _taken(self, queue: QueueClient) -> list[QueueMessage]:
        """Return the next messages, leased; none when the queue is missing or unwell."""
        size = self._settings.batch
        try:
            pages = queue.receive_messages(
                messages_per_page=size, max_messages=size, visibility_timeout=round(LEASE)
            )
            return [message async for message in pages]
        except ResourceNotFoundError:
            return []
        except AzureError as error:
            logger.warning("queue %s did not answer: %s", self._name, type(error).__name__)
            return []

    def _begin(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _run_one(self, queue: QueueClient, poison: QueueClient, message: QueueMessage) -> None:
        try:
            body = decoded(message.content, self._settings.encoding)
            if body is None or (message.dequeue_count or 0) > self._settings.most_dequeues:
                await self._set_aside(queue, poison, message)
                return
            async with _leased(queue, message):
                succeeded = await self._succeeds(message, body)
            await self._settle(queue, poison, message, succeeded)
        except AzureError as error:
            logger.warning(
                "message %s of queue %s will come back: %s", message.id, self._name, type(error).__name__
            )

    async def _succeeds(self, message: QueueMessage, body: bytes) -> bool:
        given = TriggerMessage(
            id=message.id,
            body=body,
            dequeue_count=message.dequeue_count,
            expiration_time=message.expires_on,
            insertion_time=message.inserted_on,
            time_next_visible=message.next_visible_on,
            pop_receipt=message.pop_receipt,
        )
        try:
            await self._invoker.run(self._function, given, f"New queue message detected on '{self._name}'.")
        except Exception:  # noqa: BLE001 - the invoker has logged it; the message comes back
            return False
        return True

    async def _settle(
        self, queue: QueueClient, poison: QueueClient, message: QueueMessage, succeeded: bool
    ) -> None:
        if succeeded:
            await queue.delete_message(message.id, message.pop_receipt)
        elif (message.dequeue_count or 0) >= self._settings.most_dequeues:
            await self._set_aside(queue, poison, message)
        else:
            await queue.update_message(
                message.id, message.pop_receipt, visibility_timeout=round(self._settings.retry_after)
            )

    async def _set_aside(self, queue: QueueClient, poison: QueueClient, message: QueueMessage) -> None:
        logger.error(
            "Message has reached MaxDequeueCount or is unreadable. Moving it to queue '%s-poison'.", self._name
        )
        with suppress(ResourceExistsError):
            await poison.create_queue()
        await poison.send_message(message.content)
        await queue.delete_message(message.id, message.pop_receipt)


@asynccontextmanager
async def _leased(queue: QueueClient, message: QueueMessage) -> AsyncIterator[None]:
    """Keep a message invisible while the context lasts."""

    async def renew() -> None:
        while True:
            await asyncio.sleep(LEASE / 2)
            renewed = await queue.update_message(message.id, message.pop_receipt, visibility_timeout=LEASE)
            message.pop_receipt = renewed.pop_receipt

    renewal = asyncio.create_task(renew())
    try:
        yield
    finally:
        renewal.cancel()
        await asyncio.gather(renewal, return_exceptions=True)


def service_url(function: LocalFunction, environment: Mapping[str, str]) -> str:
    """Return the URL of the queue service that a trigger's connection names; raises FunctionLoadError."""
    connection = str(function.trigger.get("connection") or "AzureWebJobsStorage")
    setting = f"{connection}__queueServiceUri"
    if not environment.get(setting):
        raise FunctionLoadError(f"cannot load the {function.name} function: the app setting {setting} is missing")
    return environment[setting]


def decoded(content: str, encoding: str) -> bytes | None:
    """Return a message's body, or None when it is not in the encoding that host.json asks for."""
    if encoding == "none":
        return content.encode()
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        return None
