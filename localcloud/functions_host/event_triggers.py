"""The webhook through which Event Grid calls functions: a handshake, then an invocation per event, in parallel."""

import asyncio
from datetime import datetime
from typing import Any

import azure.functions as func
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from localcloud.functions_host.indexing import LocalFunction
from localcloud.functions_host.invoking import Invoker
from localcloud.functions_host.keys import HostKeys

PATH = "/runtime/webhooks/EventGrid"


class EventWebhook:
    """Answers Event Grid for every function with an Event Grid trigger."""

    def __init__(self, functions: list[LocalFunction], keys: HostKeys, invoker: Invoker) -> None:
        self._functions = {one.name: one for one in functions if one.kind == "eventGridTrigger"}
        self._keys, self._invoker = keys, invoker

    def routes(self) -> list[Route]:
        """Return the webhook's routes."""
        return [Route(PATH, self.post, methods=["POST"]), Route(PATH, self.options, methods=["OPTIONS"])]

    async def options(self, request: Request) -> Response:
        """Return the consent that the CloudEvents schema asks for."""
        if not self._keys.admit_event_grid(request.query_params.get("code", "")):
            return Response(status_code=401)
        return Response(status_code=200, headers={"Webhook-Allowed-Origin": "eventgrid.azure.net"})

    async def post(self, request: Request) -> Response:
        """Return 200 to the handshake, and 202 or 500 once every event's invocation has ended."""
        if not self._keys.admit_event_grid(request.query_params.get("code", "")):
            return Response(status_code=401)
        name = request.query_params.get("functionName", "")
        function = self._functions.get(name)
        if function is None:
            return PlainTextResponse(f"cannot find function: '{name}'", 404)
        try:
            body = await request.json()
        except ValueError:
            return Response(status_code=400)
        events = body if isinstance(body, list) else [body]
        if not all(isinstance(event, dict) for event in events):
            return Response(status_code=400)
        return await self._answer(request.headers.get("aeg-event-type", ""), function, events)

    async def _answer(self, kind: str, function: LocalFunction, events: list[dict[str, Any]]) -> Response:
        if kind == "SubscriptionValidation":
            code = (events[0].get("data") or {}).get("validationCode") if events else None
            return JSONResponse({"validationResponse": code}) if code else Response(status_code=400)
        if kind == "Unsubscribe":
            return Response(status_code=202)
        if kind != "Notification":
            return Response(status_code=400)
        return await self._notify(function, events)

    async def _notify(self, function: LocalFunction, events: list[dict[str, Any]]) -> Response:
        reason = "EventGrid trigger fired"
        runs = (self._invoker.run(function, event_of(event), reason) for event in events)
        outcomes = await asyncio.gather(*runs, return_exceptions=True)
        failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        if failures:
            return PlainTextResponse(f"Exception while executing function: {failures[0]}", 500)
        return Response(status_code=202)


def event_of(event: dict[str, Any]) -> func.EventGridEvent:
    """Return an event as a function gets it; the seven digits of Azure's fractions are cut to microseconds."""
    text = event.get("eventTime")
    return func.EventGridEvent(
        id=event.get("id", ""),
        data=event.get("data") or {},
        topic=event.get("topic", ""),
        subject=event.get("subject", ""),
        event_type=event.get("eventType", ""),
        event_time=datetime.fromisoformat(text) if text else None,
        data_version=event.get("dataVersion", ""),
    )
