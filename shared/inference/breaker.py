"""A circuit breaker: a service that failed again and again is left alone, and then tried with one call."""

import time
from collections.abc import Callable
from types import TracebackType

from shared.errors import ServiceRefused, ServiceUnavailable, TooManyRequests

FAILURES = 5  # in a row; one success between them starts the count anew
REST = 5.0  # seconds
NOT_LET_IN = frozenset({401, 403})  # said to every call alike; other refusals are about one text


class Resting(ServiceUnavailable):
    """The service was not asked: it failed again and again just now."""


class Breaker:
    """Stands around each call of one service, as in `with breaker:`.

    After FAILURES failures in a row it raises Resting for REST seconds. Then one call goes through, a probe: its
    success ends the rest, its failure begins another one, and meanwhile all others go on resting.
    """

    def __init__(
        self, service: str, clock: Callable[[], float] = time.monotonic, *, busy_counts: bool = True
    ) -> None:
        self._service, self._clock, self._busy_counts = service, clock, busy_counts
        self._failures = 0
        self._until = 0.0
        self._probing = False

    def __enter__(self) -> None:
        if self._failures < FAILURES:
            return
        left = self._until - self._clock()
        if left > 0 or self._probing:
            raise Resting(self._service, "resting after failures", max(left, 1.0))
        self._probing = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._probing = False
        if error is None:
            self._failures = 0
        elif self._is_failure(error):
            self._failures += 1
            self._until = self._clock() + REST

    def _is_failure(self, error: BaseException) -> bool:
        """Tell whether the service failed: a canceled call says nothing of it, a refused text little."""
        if isinstance(error, TooManyRequests):
            return self._busy_counts
        if isinstance(error, ServiceRefused):
            return error.status in NOT_LET_IN
        return isinstance(error, ServiceUnavailable)
