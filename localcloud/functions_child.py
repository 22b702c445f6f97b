"""The Functions host as a child of the local cloud: how it starts, answers, and is subscribed to events."""

import asyncio
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import aiohttp

from localcloud.children import Child
from localcloud.errors import ChildDiedError, HandshakeError, NotReadyError
from localcloud.event_broker import Broker
from localcloud.event_subscriptions import SUBSCRIPTIONS

STARTUP = 60.0  # seconds from starting the host to its first answer; a cold laptop compiles every module
PAUSE = 0.1  # seconds between two looks
WEBHOOK = "/runtime/webhooks/EventGrid"


def functions_child(
    app: str, port: int, folder: Path, environment: Mapping[str, str], keys: Path, log: Path,
    on_death: Callable[[ChildDiedError], None],
) -> Child:  # fmt: skip
    """Return the Functions host as a child that has not been started."""
    command = [sys.executable, "-m", "localcloud.functions_host"]
    command += ["--port", str(port), "--app", app, "--keys", str(keys)]
    return Child("the Functions host", command, environment, folder, log, on_death)


async def until_host_answers(url: str) -> None:
    """Return once the host says that it runs; raises NotReadyError after its start-up time."""
    timeout = aiohttp.ClientTimeout(total=2)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        try:
            async with asyncio.timeout(STARTUP):
                while not await _runs(session, url):  # noqa: ASYNC110 - another process: nothing to be woken by
                    await asyncio.sleep(PAUSE)
        except TimeoutError as error:
            raise NotReadyError(f"the Functions host at {url} did not answer within {STARTUP:.0f} s") from error


async def _runs(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(f"{url}/admin/host/status") as answer:
            return answer.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False


def event_key(keys: Path) -> str:
    """Return the system key with which Event Grid calls the host; empty for a host that has written none."""
    if not keys.exists():
        return ""
    key: str = json.loads(keys.read_text("utf-8"))["eventgrid_extension"]
    return key


async def subscribe(broker: Broker, url: str, key: str) -> None:
    """Create every event subscription; raises HandshakeError where the app lacks a function that must be there."""
    for subscription in SUBSCRIPTIONS:
        code = f"&code={key}" if key else ""
        await broker.subscribe(subscription, f"{url}{WEBHOOK}?functionName={subscription.function}{code}")


async def subscribe_when_ready(broker: Broker, url: str) -> None:
    """Create the event subscriptions of a host that somebody else starts, as soon as it answers."""
    while True:
        try:
            await subscribe(broker, url, "")
        except HandshakeError:
            await asyncio.sleep(1)
        else:
            return


async def minted_key(environment: Mapping[str, str], folder: Path) -> str:
    """Return a new API key of the running app; raises NotReadyError with what the command said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli", "keys", "create", "--owner", "local", "--quiet",
        "--scope", "chat", "--scope", "runs", "--scope", "manage",
        cwd=folder, env=dict(environment), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, errors = await process.communicate()
    key = output.decode().strip()
    if process.returncode != 0 or not key:
        raise NotReadyError(
            f"`python -m cli keys create` made no key (exit {process.returncode}):\n{errors.decode()}"
        )
    return key
