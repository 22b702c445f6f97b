"""The inbox: what would go to Teams and by e-mail is kept instead of being sent."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from localcloud.frame import Cloud

MAILBOX = "mailbox"  # where the cloud's shared facts keep the mailbox


@dataclass(frozen=True)
class Message:
    """One Teams card or one e-mail, as it came over the wire."""

    number: int
    at: str
    channel: str  # "teams" or "email"
    body: dict[str, Any]
    operation: str = ""


@dataclass
class Mailbox:
    """Everything that was sent, oldest first."""

    messages: list[Message] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def keep(self, channel: str, body: dict[str, Any], operation: str = "") -> None:
        """Keep one message."""
        number = next(self.numbers)
        self.messages.append(Message(number, datetime.now(UTC).isoformat(), channel, body, operation))

    def numbered(self, number: int) -> Message | None:
        """Return the message with this number."""
        return next((message for message in self.messages if message.number == number), None)

    def sent_by(self, operation: str) -> Message | None:
        """Return the e-mail that an operation sent."""
        return next((m for m in self.messages if m.channel == "email" and m.operation == operation), None)


def mailbox_of(cloud: Cloud) -> Mailbox:
    """Return the mailbox of a local cloud."""
    mailbox: Mailbox = cloud.shared.setdefault(MAILBOX, Mailbox())
    return mailbox
