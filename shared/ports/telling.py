"""Telling people: the topic, the channels, links to reports."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from shared.core.messages import Background, ReportPlace
from shared.core.run import Notification


class Topic(Protocol):
    """The Event Grid custom topic."""

    def publish(self, notifications: Sequence[Notification]) -> None:
        """Publish; an event's id is the notification's, so a repeated one can be told."""
        ...


class Messenger(Protocol):
    """One channel's way out: Teams or e-mail."""

    def send(self, notification: Notification, background: Background) -> None:
        """Send the notification; raises ServiceUnavailable or ServiceRefused."""
        ...


class Reports(Protocol):
    """Where people can read the report of a dataset check."""

    def place_of(self, run_id: str, now: datetime) -> ReportPlace | None:
        """Return where the run's report lies, with a link where there can be one; None: there is no report.

        Raises ServiceUnavailable or ServiceRefused.
        """
        ...
