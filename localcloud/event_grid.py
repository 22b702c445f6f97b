"""Event Grid: a custom topic to publish to, and the delivery of its events and the storage's to the functions."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from azure.core.exceptions import AzureError, ResourceExistsError
from azure.storage.blob.aio import ContainerClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from localcloud.event_broker import Broker
from localcloud.event_delivery import ANSWER_LIMIT, NoAnswerError
from localcloud.event_subscriptions import CUSTOM_TOPIC
from localcloud.frame import Cloud, Service, azure_error, versioned
from localcloud.identity import AsyncLocalCredential
from localcloud.storage_events import StorageWatch

AUDIENCE = "https://eventgrid.azure.net"
API_VERSION = "2018-01-01"
LARGEST_REQUEST = 1024 * 1024  # bytes
REQUIRED = ("id", "subject", "eventType", "eventTime", "dataVersion")
TOPIC_ID = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-local"
    "/providers/Microsoft.EventGrid/topics/tunedrop"
)
DEAD_LETTERS = "deadletters"
BROKER = "event_broker"  # where the cloud's shared facts keep the broker
logger = logging.getLogger(__name__)


def service(cloud: Cloud) -> Service:
    """Return the stand-in for an Event Grid custom topic; its broker is in the cloud's shared facts."""

    async def publish(request: Request) -> Response:
        body = await request.body()
        if len(body) > LARGEST_REQUEST:
            return azure_error(413, "RequestEntityTooLarge", "a request holds at most 1 MB of events")
        try:
            events = events_in(body)
        except ValueError as error:
            return azure_error(400, "BadRequest", str(error))
        cloud.shared[BROKER].publish(CUSTOM_TOPIC, events)
        return Response(status_code=200)

    @asynccontextmanager
    async def delivering(_app: Starlette) -> AsyncIterator[None]:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_LIMIT)) as session:
            broker = Broker(cloud.control.weather, _Poster(session), DeadLetterContainer(cloud))
            cloud.shared[BROKER] = broker
            try:
                yield
            finally:
                await broker.close()

    route = versioned("/api/events", "POST", publish, [API_VERSION])
    return Service("event_grid", [route], (AUDIENCE,), lifespan=delivering)


def events_in(body: bytes) -> list[dict[str, Any]]:
    """Return the events of a request with their topic filled in; raises ValueError that says what is wrong."""
    try:
        events = json.loads(body)
    except ValueError as error:
        raise ValueError(f"the body is not JSON: {error}") from error
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        raise ValueError("the body must be an array of events (Event Grid schema)")
    for number, event in enumerate(events):
        missing = [name for name in REQUIRED if not isinstance(event.get(name), str)]
        if missing:
            raise ValueError(f"event {number} lacks {', '.join(missing)} (strings of the Event Grid schema)")
    return [{**event, "topic": event.get("topic") or TOPIC_ID, "metadataVersion": "1"} for event in events]


@asynccontextmanager
async def watching_storage(cloud: Cloud) -> AsyncIterator[None]:
    """Turn new blobs into events while the context lasts; begins once the storage answers."""
    watch = StorageWatch(cloud.urls["blob"], str(cloud.ca_file), cloud.shared[BROKER].publish)
    await watch.begin()
    task = asyncio.create_task(watch.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await watch.close()


class _Poster:
    """Posts over HTTP to the Functions host."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, str]:
        try:
            async with self._session.post(url, data=body, headers=headers) as answer:
                return answer.status, await answer.text()
        except TimeoutError as error:
            raise NoAnswerError("TimedOut") from error
        except aiohttp.ClientError as error:
            raise NoAnswerError("SocketError") from error


class DeadLetterContainer:
    """Keeps dead letters as blobs, as the event subscriptions ask for."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def __call__(self, name: str, content: list[dict[str, Any]]) -> None:
        """Keep one dead letter; a second one of the same name is the same letter."""
        url, trust = self._cloud.urls["blob"], str(self._cloud.ca_file)
        async with ContainerClient(
            url, DEAD_LETTERS, AsyncLocalCredential(), connection_verify=trust
        ) as container:
            try:
                await container.upload_blob(name, json.dumps(content).encode())
            except ResourceExistsError:
                return
            except AzureError as error:
                logger.error("the dead letter %s is lost: %s", name, error)
