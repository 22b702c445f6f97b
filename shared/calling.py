"""The one place where what the Azure SDKs throw becomes ServiceUnavailable, ServiceRefused or Conflict."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError
from azure.core.pipeline import PipelineResponse

from shared.errors import Conflict, NotFound, NoToken, ServiceRefused, ServiceUnavailable

RETRIES = 2  # by the SDK, within seconds; after that the timer, the queue or Event Grid comes back
LONGEST_WAIT = 5.0  # seconds of Retry-After that are waited for on the spot
CONNECTION_TIMEOUT = 5.0  # seconds
READ_TIMEOUT = 10.0  # seconds; how long a call may take with its retries: tests/longest_call.py
TRY_LATER = frozenset({408, 429})
NEVER = frozenset({501, 505})  # of the 5xx: what is not implemented now is not implemented later
REASON_LIMIT = 300  # characters of a service's own words
QUERY = re.compile(r"\?[^\s'\")>\]]*")  # may hold a signature


def client_options(service: str, read_timeout: float = READ_TIMEOUT) -> dict[str, Any]:
    """Return the keyword arguments that keep a client of any Azure SDK from waiting long."""
    return {
        "retry_total": RETRIES,
        "retry_backoff_factor": 0.5,  # 0 s before the first retry, 1 s before the second
        "connection_timeout": CONNECTION_TIMEOUT,
        "read_timeout": read_timeout,
        "raw_response_hook": _patience(service),
    }


def storage_options(service: str, read_timeout: float = READ_TIMEOUT) -> dict[str, Any]:
    """Return the same for blob and queue storage, whose SDKs have a retry policy of their own."""
    waits = {
        "initial_backoff": 1,
        "increment_base": 1,
        "random_jitter_range": 1,
    }  # seconds; by default 15 and more
    return client_options(service, read_timeout) | waits


def _patience(service: str) -> Callable[[PipelineResponse[Any, Any]], None]:
    """Return a hook that gives up where azure-core would sleep as long as Retry-After says, be it 15 days."""

    def hook(response: PipelineResponse[Any, Any]) -> None:
        answer = response.http_response
        wait = _retry_after(answer.headers) if answer.status_code >= 400 else None
        if wait is not None and wait > LONGEST_WAIT:
            raise ServiceUnavailable(service, f"{answer.status_code}, asks to come back in {wait:.0f} s", wait)

    return hook


@contextmanager
def calling(service: str) -> Iterator[None]:
    """Run calls of an Azure SDK; raises TuneDrop's errors only, without payloads, query strings or causes."""
    try:
        yield
    except HttpResponseError as error:
        raise _answered(service, error) from None
    except AzureError as error:
        raise ServiceUnavailable(service, f"no answer ({_deepest(error)})") from None


def _answered(service: str, error: HttpResponseError) -> Exception:
    status = error.status_code or 0
    if isinstance(error, ClientAuthenticationError) and error.response is None:
        return NoToken(service, "no token for the app's identity")
    if error.response is None:
        return ServiceUnavailable(service, f"no answer ({_deepest(error)})")
    code, reason = _code(error), f"{status} {_words(error)}".strip()
    if status == 404:
        return NotFound(service, reason, code or "NotFound")
    if status == 412:
        return Conflict(f"{service}: {reason}")
    if status < 400 or status in TRY_LATER or (status >= 500 and status not in NEVER):
        headers = getattr(error.response, "headers", {})
        return ServiceUnavailable(service, reason, _retry_after(headers))
    return ServiceRefused(service, reason, status, code)


def _code(error: HttpResponseError) -> str:
    """Return the service's error code: storage puts it beside the error, the others into the body."""
    beside = getattr(error, "error_code", None)
    code = beside or getattr(error.error, "code", None) or ""
    return str(getattr(code, "value", code))


def _words(error: HttpResponseError) -> str:
    """Return the service's code and message on one line, without query strings."""
    message = getattr(error.error, "message", None) or (error.message or "").split("\n", 1)[0]
    code = _code(error)
    text = f"{code}: {message}" if code and not message.startswith(code) else message
    return " ".join(QUERY.sub("", text).split())[:REASON_LIMIT]


def _deepest(error: BaseException) -> str:
    """Return the name of the error at the bottom: the texts above it hold URLs."""
    inner = getattr(error, "inner_exception", None) or getattr(error, "reason", None)
    if inner is None and error.args and isinstance(error.args[0], BaseException):
        inner = error.args[0]
    return _deepest(inner) if isinstance(inner, BaseException) else type(error).__name__


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that Retry-After asks for (a number or a date), or None."""
    value = headers.get("Retry-After") or headers.get("retry-after")
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None
