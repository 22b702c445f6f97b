"""A small function app with one function for everything that the local Functions host can do."""

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator

import azure.functions as func
from azurefunctions.extensions.http.fastapi import JSONResponse, Request, Response, StreamingResponse

log = logging.getLogger(__name__)
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
seen: dict[str, list[object]] = {"events": [], "teams": [], "messages": [], "ticks": [], "streams": []}
timer_runs = asyncio.Lock()


@app.route("echo/{name}/{number}", methods=["POST"])
async def echo(req: Request, context: func.Context) -> Response:
    """Return what the request held."""
    body = await req.json()
    return JSONResponse({"path": req.path_params, "body": body, "function": context.function_name})


@app.route("seen", methods=["GET"])
def what_was_seen(req: Request) -> Response:
    """Return what the other functions were given."""
    return JSONResponse(seen)


@app.route("files/{*path}", methods=["GET"])
def file(req: Request) -> dict:  # type: ignore[type-arg]  # the worker takes a plain dict only
    """Return a value instead of a response."""
    return {"path": req.path_params["path"]}


@app.route("nothing", methods=["GET"])
async def nothing(req: Request):
    """Return nothing at all."""


@app.route("broken", methods=["GET"])
async def broken(req: Request) -> Response:
    """Fail with a text that nobody outside may see."""
    raise RuntimeError("a secret of the app")


@app.route("locked", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
async def locked(req: Request) -> Response:
    """Return something to those with a key."""
    return Response("open")


@app.route("stream", methods=["GET"])
async def stream(req: Request) -> StreamingResponse:
    """Stream for ever; tell when the generator was closed."""

    async def pieces() -> AsyncIterator[str]:
        try:
            while True:
                yield "data: piece\n\n"
                await asyncio.sleep(0.02)
        finally:
            seen["streams"].append("closed")

    return StreamingResponse(pieces(), media_type="text/event-stream")


@app.timer_trigger(arg_name="timer", schedule="* * * * * *")
async def tick(timer: func.TimerRequest) -> None:
    """Note each tick and whether another one was under way; takes longer than the time between two."""
    alone = not timer_runs.locked()
    async with timer_runs:
        seen["ticks"].append({"alone": alone, "next": timer.schedule_status["Next"]})
        await asyncio.sleep(1.2)


@app.queue_trigger(arg_name="message", queue_name="runs", connection="AzureWebJobsStorage")
def take(message: func.QueueMessage) -> None:
    """Note each message; fail for those that ask for it."""
    body = message.get_body().decode()
    seen["messages"].append({"body": body, "times": message.dequeue_count})
    if body.startswith("fail"):
        raise RuntimeError("asked to fail")


@app.event_grid_trigger(arg_name="event")
def dataset_uploaded(event: func.EventGridEvent) -> None:
    """Note each event; fail or die for those that ask for it."""
    log.info("an event of %s", event.event_type)
    data = event.get_json()
    seen["events"].append({"id": event.id, "subject": event.subject, "data": data, "time": str(event.event_time)})
    if data.get("do") == "fail":
        raise RuntimeError("asked to fail")
    if data.get("do") == "wait":
        time.sleep(0.3)
    if data.get("do") == "die":
        os._exit(3)


@app.event_grid_trigger(arg_name="event")
async def notify_teams(event: func.EventGridEvent) -> None:
    """Note each event of the custom topic."""
    seen["teams"].append(event.id)


@app.event_grid_trigger(arg_name="event")
async def job_changed(event: func.EventGridEvent) -> None:
    """Pass Azure ML's events over; the local cloud wants somebody to take them."""


@app.event_grid_trigger(arg_name="event")
async def notify_email(event: func.EventGridEvent) -> None:
    """Fail always, so that its events end as dead letters."""
    raise RuntimeError("no mail today")
