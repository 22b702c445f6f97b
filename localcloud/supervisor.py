"""Brings the local cloud up in order, each part only when what it needs answers, and takes it down in reverse."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.types import ASGIApp

from localcloud.app_settings import app_settings, child_environment
from localcloud.azurite import ACCOUNT, azurite_command, create_storage
from localcloud.certificates import Certificates, new_certificates
from localcloud.children import Child
from localcloud.control import Control, Weather
from localcloud.control_port import ControlPort
from localcloud.errors import ChildDiedError, NotReadyError, WeightsError
from localcloud.event_broker import Broker
from localcloud.event_grid import BROKER, watching_storage
from localcloud.frame import Cloud, asgi
from localcloud.functions_child import (
    event_key,
    functions_child,
    minted_key,
    subscribe,
    subscribe_when_ready,
    until_host_answers,
)
from localcloud.hosting import served
from localcloud.inbox_page import page_routes
from localcloud.ports import HOST, Choice, open_ports, port_of
from localcloud.root_folder import Root
from localcloud.stand_ins import PLAIN, STORAGE, stand_ins, urls_of
from localcloud.welcome import say, welcome

REPOSITORY = Path(__file__).resolve().parent.parent
STORAGE_STARTUP = 30.0  # seconds that Azurite may take


@dataclass(frozen=True)
class Options:
    """What a person chose on the command line."""

    root: Path
    ports: Choice = "default"
    calm: bool = False
    seed: int | None = None
    keep: bool = False
    host: bool = True
    app: str = "function_app"
    weights: Path | None = None  # folder with a real Phi model


def _checked(weights: Path | None) -> Path | None:
    """Return the folder of weights; raises WeightsError when there is no model in it."""
    if weights is not None and not (weights / "config.json").is_file():
        raise WeightsError(
            f"--weights {weights} holds no config.json: name a folder with a Phi-3-architecture model as "
            "transformers saves it (config.json, *.safetensors, tokenizer)"
        )
    return weights.resolve() if weights else None


class Supervisor:
    """One local cloud, from its first port to its last child."""

    def __init__(self, options: Options, root: Root, died: Callable[[ChildDiedError], None]) -> None:
        self._options, self._root, self._died = options, root, died
        self._seed = random.SystemRandom().randrange(1_000_000) if options.seed is None else options.seed
        weather = Weather(self._seed)
        if options.calm:
            weather.calm()
        self._cloud = Cloud(root.state, Control(weather), weights=_checked(options.weights))
        self._tls = new_certificates(root.tls)
        self._cloud.ca_file = self._tls.ca
        self._sockets = open_ports(options.ports, say)
        self._ports = {name: port_of(found) for name, found in self._sockets.items()}
        self._cloud.urls = urls_of(self._ports, ACCOUNT)

    async def live(self) -> None:
        """Bring everything up, announce it, and stay until cancelled; takes everything down on the way out."""
        weather = "calm" if self._options.calm else "rough weather"
        say(f"local cloud, seed {self._seed}, {weather}; {self._root.folder}")
        async with AsyncExitStack() as stack:
            await self._start_storage(stack)
            names = await self._start_stand_ins(stack)
            settings = app_settings(self._cloud)
            environment = child_environment(settings)
            key = asyncio.create_task(
                minted_key(environment, REPOSITORY)
            )  # beside the host's start, to save a second
            stack.callback(key.cancel)
            self._cloud.control.crash_host = await self._start_functions(stack, environment)
            await self._serve(stack, "control", ControlPort(self._cloud, names).app())
            description = self._description(settings, await key)
            self._root.announce(description)
            welcome(description)
            await asyncio.Event().wait()

    async def _start_storage(self, stack: AsyncExitStack) -> None:
        for name in STORAGE:
            self._sockets[name].close()
        location = self._root.state / "azurite" if self._options.keep else None
        command = azurite_command(REPOSITORY, self._tls, self._ports, location)
        log = self._root.logs / "azurite.log"
        azurite = Child("Azurite", command, child_environment({}), self._root.state, log, self._died)
        await azurite.start()
        stack.push_async_callback(azurite.stop)
        await _until_listening([self._ports[name] for name in STORAGE])
        await asyncio.to_thread(create_storage, self._cloud.urls, self._tls.ca)
        say(f"storage          {self._cloud.urls['blob']} (Azurite)")

    async def _start_stand_ins(self, stack: AsyncExitStack) -> tuple[str, ...]:
        services = stand_ins(self._cloud)
        for service in services:
            await self._serve(stack, service.name, asgi(service, self._cloud))
        await self._serve(stack, "inbox_page", Starlette(routes=page_routes(self._cloud)))
        await stack.enter_async_context(watching_storage(self._cloud))
        return tuple(service.name for service in services)

    async def _serve(self, stack: AsyncExitStack, name: str, app: ASGIApp) -> None:
        tls: Certificates | None = None if name in PLAIN else self._tls
        await stack.enter_async_context(served(app, self._sockets[name], tls))
        say(f"{name.replace('_', ' '):16} {self._cloud.urls[name]}")

    async def _start_functions(
        self, stack: AsyncExitStack, environment: dict[str, str]
    ) -> Callable[[], Awaitable[None]] | None:
        """Start the host and subscribe it to events; returns how to crash it, or None for somebody else's host."""
        self._sockets["functions"].close()
        url, broker = self._cloud.urls["functions"], self._broker
        if not self._options.host:
            await stack.enter_async_context(_background(subscribe_when_ready(broker, url)))
            say(f"functions        {url} (start your own host there)")
            return None
        keys, log = self._root.state / "host_keys.json", self._root.logs / "functions.log"
        child = functions_child(
            self._options.app, self._ports["functions"], REPOSITORY, environment, keys, log, self._died
        )
        await child.start()
        stack.push_async_callback(child.stop)
        await until_host_answers(url)
        await subscribe(broker, url, event_key(keys))
        say(f"functions        {url}")

        one_by_one = asyncio.Lock()

        async def crash() -> None:
            async with one_by_one:
                await child.restart()
                await until_host_answers(url)

        return crash

    @property
    def _broker(self) -> Broker:
        broker: Broker = self._cloud.shared[BROKER]
        return broker

    def _description(self, settings: dict[str, str], key: str) -> dict[str, object]:
        urls = self._cloud.urls
        return {
            "settings": settings,
            "urls": urls,
            "ca_file": str(self._tls.ca),
            "functions_url": urls["functions"],
            "control_url": urls["control"],
            "inbox_url": urls["inbox_page"],
            "seed": self._seed,
            "api_key": key,
            "logs": str(self._root.logs),
        }


@asynccontextmanager
async def _background(work: Awaitable[None]) -> AsyncIterator[None]:
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _until_listening(ports: list[int]) -> None:
    """Return once every port accepts connections; raises NotReadyError after Azurite's start-up time."""
    try:
        async with asyncio.timeout(STORAGE_STARTUP):
            for port in ports:
                while not await _listens(port):  # noqa: ASYNC110 - another process: nothing to be woken by
                    await asyncio.sleep(0.05)
    except TimeoutError as error:
        raise NotReadyError(f"Azurite did not listen on {ports} within {STORAGE_STARTUP:.0f} s") from error


async def _listens(port: int) -> bool:
    try:
        _reader, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    writer.close()
    return True
