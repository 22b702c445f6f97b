"""How long a verdict may take: a deadline for all, and one retry within it, unless the service rests anyway."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt

from shared.core.openai_errors import safety_unavailable
from shared.errors import ServiceRefused, ServiceUnavailable
from shared.inference.breaker import Breaker, Resting

T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Patience:
    """How long a check may take, in seconds."""

    attempt: float = 1.2
    total: float = 2.0  # with the retry and the wait before it


async def patiently(ask: Callable[[], Awaitable[T]], patience: Patience, breaker: Breaker) -> T:
    """Return what Content Safety says; raises ApiError 503 when it says nothing in time."""
    begun = asyncio.get_running_loop().time()
    try:
        try:
            return await _attempt(ask, patience, breaker)
        except ServiceUnavailable as error:
            async with asyncio.timeout_at(begun + patience.total):  # a timer that only failures need
                return await _again(ask, patience, breaker, error)
    except (TimeoutError, ServiceUnavailable, ServiceRefused) as error:
        log.warning("no verdict: %s", str(error) or "content safety: deadline passed")
        raise safety_unavailable(getattr(error, "retry_after", None)) from None


async def _attempt(ask: Callable[[], Awaitable[T]], patience: Patience, breaker: Breaker) -> T:
    with breaker:
        try:
            async with asyncio.timeout(patience.attempt):
                return await ask()
        except TimeoutError:
            raise ServiceUnavailable("content safety", "no verdict in time") from None


async def _again(
    ask: Callable[[], Awaitable[T]], patience: Patience, breaker: Breaker, failure: ServiceUnavailable
) -> T:
    """Retry a failed first attempt; only failures meet tenacity, which costs as much as a whole check."""
    made = False

    async def attempt() -> T:
        nonlocal made
        if not made:
            made = True
            raise failure
        return await _attempt(ask, patience, breaker)

    def in_time(error: BaseException) -> bool:
        if isinstance(error, Resting) or not isinstance(error, ServiceUnavailable):
            return False
        return (error.retry_after or 0) < patience.total

    retrying = AsyncRetrying(
        stop=stop_after_attempt(2), retry=retry_if_exception(in_time), wait=_as_asked, reraise=True
    )
    return await retrying(attempt)


def _as_asked(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    return getattr(error, "retry_after", None) or 0.0
