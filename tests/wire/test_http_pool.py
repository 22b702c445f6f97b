"""The pool of connections: one service that takes its time leaves the others theirs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from shared.gateways import http_pool
from shared.gateways.http_pool import HttpPool
from tests.serving import serving


@asynccontextmanager
async def service(until: asyncio.Event | None = None) -> AsyncIterator[str]:
    """Serve something that answers, or that answers once the event has come."""

    async def answer(_request):
        if until is not None:
            await until.wait()
        return Response(status_code=204)

    async with serving(Starlette(routes=[Route("/", answer)])) as url:
        yield url


async def test_a_host_that_uses_up_its_connections_takes_none_of_another(monkeypatch):
    monkeypatch.setattr(http_pool, "CONNECTIONS", 2)
    end = asyncio.Event()
    async with HttpPool() as pool, service(end) as slow, service() as quick:
        waiting = [asyncio.ensure_future(pool.session().get(slow)) for _ in range(5)]
        async with asyncio.timeout(10), pool.session().get(quick) as response:
            assert response.status == 204
        assert not any(task.done() for task in waiting)
        end.set()
        for task in waiting:
            (await task).close()
