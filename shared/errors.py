"""The errors that cross TuneDrop's layers; every gateway turns what its service throws into one of these."""

from traceback import extract_tb


class TuneDropError(Exception):
    """Something went wrong that the caller can name."""


class ServiceUnavailable(TuneDropError):
    """A service did not answer in time or asked to come back: try again later; the call may have taken effect."""

    def __init__(self, service: str, reason: str, retry_after: float | None = None) -> None:
        super().__init__(f"{service}: {reason}")
        self.service, self.reason, self.retry_after = service, reason, retry_after


class TooManyRequests(ServiceUnavailable):
    """A service has too much to do (429): come back after `retry_after` seconds."""


class TimedOut(ServiceUnavailable):
    """A service did not answer in time; the call may have taken effect."""


class NoToken(ServiceUnavailable):
    """Nothing could be asked: the identity got no token."""


class ServiceRefused(TuneDropError):
    """A service said no, and would say no again: the same call is not to be repeated."""

    def __init__(self, service: str, reason: str, status: int, code: str = "") -> None:
        super().__init__(f"{service}: {reason}")
        self.service, self.reason, self.status, self.code = service, reason, status, code


class NotFound(ServiceRefused):
    """What was asked for does not exist (any more)."""

    def __init__(self, service: str, reason: str, code: str = "NotFound") -> None:
        super().__init__(service, reason, 404, code)


class Conflict(TuneDropError):
    """Somebody else changed the row in the meantime: read it again and decide anew."""


class NotNow(TuneDropError):
    """The run's state does not allow what is asked for; the message says what does."""


class SettingsError(TuneDropError):
    """A setting is missing or makes no sense; the message names it and says what it should be."""


def place_of(error: BaseException) -> str:
    """Return where an error was raised, innermost first; its words may quote a text and stay out of logs."""
    return " < ".join(f"{place.name}:{place.lineno}" for place in reversed(extract_tb(error.__traceback__)))
