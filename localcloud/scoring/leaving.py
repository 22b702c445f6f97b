"""Gives an answer up as soon as nobody waits for it any more."""

import asyncio
from collections.abc import Awaitable

from starlette.requests import Request
from starlette.responses import Response

CLIENT_GONE = 499  # for the history only: nobody reads it


async def unless_gone(request: Request, answer: Awaitable[Response]) -> Response:
    """Return the answer, or give it up as soon as the client is gone."""
    writing = asyncio.ensure_future(answer)
    gone = asyncio.ensure_future(request.receive())  # the body is read: what comes next is the disconnect
    try:
        await asyncio.wait({writing, gone}, return_when=asyncio.FIRST_COMPLETED)
        return await writing if writing.done() else Response(status_code=CLIENT_GONE)
    finally:
        gone.cancel()
        writing.cancel()
        await asyncio.gather(gone, writing, return_exceptions=True)
