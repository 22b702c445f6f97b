"""The control port: history, faults, weather, training, quota, events by hand, lost machines; plain HTTP."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from localcloud.control import Weather
from localcloud.control_input import (
    BadInputError,
    EventOrder,
    event_order,
    faults_in,
    job_in,
    quota_in,
    training_in,
    weather_in,
)
from localcloud.event_broker import Broker
from localcloud.event_grid import BROKER
from localcloud.frame import Cloud
from localcloud.mailbox import mailbox_of

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class ControlPort:
    """What a test or a person may do to one local cloud."""

    cloud: Cloud
    services: tuple[str, ...]

    def app(self) -> Starlette:
        """Return the control port as an application."""
        routes: list[tuple[str, str, Endpoint]] = [
            ("GET", "/health", self.health),
            ("GET", "/history", self.history),
            ("GET", "/faults", self.faults),
            ("POST", "/faults", self.add_faults),
            ("GET", "/weather", self.weather),
            ("POST", "/weather", self.set_weather),
            ("GET", "/training", self.training),
            ("POST", "/training", self.set_training),
            ("GET", "/quota", self.quota),
            ("POST", "/quota", self.set_quota),
            ("POST", "/preempt", self.preempt),
            ("POST", "/reset", self.reset),
            ("POST", "/events", self.send_events),
            ("POST", "/host/restart", self.crash_host),
        ]
        return Starlette(
            routes=[Route(path, endpoint, methods=[method]) for method, path, endpoint in routes],
            exception_handlers={BadInputError: _bad_input},
        )

    async def health(self, _request: Request) -> Response:
        """Return what runs here and which subscriptions have been validated."""
        subscribed = sorted(self._broker.subscribers)
        return JSONResponse({"status": "ok", "services": list(self.services), "subscriptions": subscribed})

    async def history(self, request: Request) -> Response:
        """Return the recorded calls, of one service (`service`) and after a number (`since`) where asked."""
        service = request.query_params.get("service")
        if service is not None and service not in self.services:
            raise BadInputError("service", f"unknown: {service!r}", f"use one of {', '.join(self.services)}")
        since = request.query_params.get("since", "0")
        if not since.isdigit():
            raise BadInputError(
                "since", f"not a number: {since!r}", "give the number of the last call you have seen"
            )
        return JSONResponse(self.cloud.control.calls(service, int(since)))

    async def faults(self, _request: Request) -> Response:
        """Return the scripted faults with what is left of them."""
        return JSONResponse([asdict(fault) for fault in self.cloud.control.faults])

    async def add_faults(self, request: Request) -> Response:
        """Add scripted faults: a JSON array of them."""
        added = faults_in(await _json(request), self.services)
        if any(fault.action == "crash" for fault in added):
            self._crash_host()
        self.cloud.control.faults.extend(added)
        return await self.faults(request)

    async def weather(self, _request: Request) -> Response:
        """Return the chances in force."""
        return JSONResponse(asdict(self.cloud.control.weather))

    async def set_weather(self, request: Request) -> Response:
        """Change chances, or calm all with {"calm": true}."""
        weather: Weather = self.cloud.control.weather
        for name, chance in weather_in(await _json(request)).items():
            setattr(weather, name, chance)
        return await self.weather(request)

    async def training(self, _request: Request) -> Response:
        """Return how jobs run."""
        return JSONResponse(asdict(self.cloud.control.training))

    async def set_training(self, request: Request) -> Response:
        """Let the jobs that are submitted from now on train really, or be over at once."""
        self.cloud.control.training = training_in(await _json(request))
        return await self.training(request)

    async def quota(self, _request: Request) -> Response:
        """Return the limits that are not as usual."""
        return JSONResponse(self.cloud.control.quota)

    async def set_quota(self, request: Request) -> Response:
        """Replace the limits that are not as usual: {} makes all of them usual again."""
        self.cloud.control.quota = quota_in(await _json(request))
        return await self.quota(request)

    async def preempt(self, request: Request) -> Response:
        """Take a running command job's machine away, as happens to Spot machines; it is queued again."""
        job, preempt = job_in(await _json(request)), self.cloud.control.preempt
        refusal = preempt(job) if preempt else "Azure ML's stand-in does not run"
        if refusal is not None:
            raise BadInputError("job", refusal, "name a command job that is Running")
        return JSONResponse({"preempted": job})

    async def reset(self, _request: Request) -> Response:
        """Forget history, faults and messages; weather, training mode, quota, storage and Azure ML's jobs stay."""
        self.cloud.control.reset()
        mailbox_of(self.cloud).messages.clear()
        return JSONResponse({"status": "ok"})

    async def send_events(self, request: Request) -> Response:
        """Deliver an event to a subscription and return the answers' statuses, or publish it to a topic."""
        order = event_order(await _json(request), tuple(self._broker.subscribers))
        if order.topic:
            for _time in range(order.times):
                self._broker.publish(order.topic, [order.event])
            return JSONResponse({"published": order.times})
        return JSONResponse({"statuses": await self._deliver(order)})

    async def crash_host(self, _request: Request) -> Response:
        """Kill the Functions host, start it again, and return once it answers."""
        await self._crash_host()()
        return JSONResponse({"status": "ok"})

    def _crash_host(self) -> Callable[[], Awaitable[None]]:
        crash = self.cloud.control.crash_host
        if crash is None:
            raise BadInputError("host", "not started by this local cloud", "start it without --no-host")
        return crash

    async def _deliver(self, order: EventOrder) -> list[int]:
        subscription, url = self._broker.subscribers[order.subscription]
        deliveries = (self._broker.deliver_once(subscription, url, order.event, n) for n in range(order.times))
        if order.at_once:
            return list(await asyncio.gather(*deliveries))
        return [await delivery for delivery in deliveries]

    @property
    def _broker(self) -> Broker:
        broker: Broker = self.cloud.shared[BROKER]
        return broker


async def _json(request: Request) -> Any:
    try:
        return await request.json()
    except ValueError as error:
        raise BadInputError("body", f"not JSON ({error})", "send JSON") from error


async def _bad_input(_request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 400)
