"""What an administrator may ask of the host: whether it runs, and a timer function's run at once.

Azure's host runs other functions by hand too; here, events and messages come the way they come on Azure.
"""

import asyncio
import time

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from localcloud.functions_host.keys import HostKeys
from localcloud.functions_host.timer_triggers import TimerLoop


class Admin:
    """Answers under `/admin`."""

    def __init__(self, timers: list[TimerLoop], keys: HostKeys) -> None:
        self._timers, self._keys, self._started = {timer.name: timer for timer in timers}, keys, time.monotonic()
        self._running: set[asyncio.Task[None]] = set()

    def routes(self) -> list[Route]:
        """Return the routes."""
        by_hand = Route("/admin/functions/{name}", self.run, methods=["POST"])
        return [Route("/admin/host/status", self.status), by_hand]

    async def status(self, _request: Request) -> Response:
        """Return that the host runs, and for how many milliseconds."""
        uptime = round((time.monotonic() - self._started) * 1000)
        return JSONResponse(
            {"id": "tunedrop-local", "state": "Running", "version": "4.0", "processUptime": uptime}
        )

    async def run(self, request: Request) -> Response:
        """Return 202 and run a timer function beside it; 401 without the master key, 415 for no JSON, 404."""
        if not self._keys.admit("ADMIN", request.headers.get("x-functions-key", "")):
            return Response(status_code=401)
        if not request.headers.get("content-type", "").startswith("application/json"):
            return Response(status_code=415)
        timer = self._timers.get(request.path_params["name"])
        if timer is None:
            return Response(status_code=404)
        task = asyncio.create_task(timer.fire_now())
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return Response(status_code=202)
