"""What goes wrong in aiohttp, in TuneDrop's words: no body, no URL, no header in them."""

from collections.abc import Mapping
from types import TracebackType

import aiohttp
import msgspec

from shared.errors import NotFound, ServiceRefused, ServiceUnavailable, TimedOut, TooManyRequests

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)  # what msgspec raises for strange bodies


class Reaching:
    """Stands around requests to a service; raises TimedOut or ServiceUnavailable for what aiohttp throws.

    A class, since a generator would cost twice as much at each call.
    """

    def __init__(self, service: str) -> None:
        self._service = service

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, TimeoutError):
            raise TimedOut(self._service, "no answer in time") from None
        if isinstance(error, aiohttp.ClientError | OSError):
            raise ServiceUnavailable(self._service, f"no answer ({type(error).__name__})") from None


def answered(
    service: str, status: int, headers: Mapping[str, str], code: str = "", reason: str = ""
) -> ServiceUnavailable | ServiceRefused:
    """Return the error for a status other than success."""
    if status == 429:
        return TooManyRequests(service, "429", retry_after(headers))
    if status in (408, 504):
        return TimedOut(service, str(status))
    if status < 400 or status >= 500:
        return ServiceUnavailable(service, str(status), retry_after(headers))
    if status == 404:
        return NotFound(service, reason)
    return ServiceRefused(service, reason, status, code)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return Retry-After in seconds where it is a number, else None."""
    try:
        return max(0.0, float(headers.get("retry-after", "")))
    except ValueError:
        return None
