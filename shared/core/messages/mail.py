"""A message as an e-mail: HTML for most readers, text for the others; both say the same."""

from dataclasses import dataclass

from shared.core.messages.background import NOTHING_MORE, Background
from shared.core.messages.templating import rendered
from shared.core.messages.words import words_of
from shared.core.run import Notification


@dataclass(frozen=True)
class Email:
    """An e-mail's words; the HTML says the same as the text."""

    subject: str
    html: str
    text: str


def email(notification: Notification, background: Background = NOTHING_MORE, unwritten: int = 0) -> Email:
    """Return the notification as an e-mail; `unwritten` counts addresses that it may not be sent to."""
    words = words_of(notification.run, background, notification.idle)
    subject = " ".join(f"[TuneDrop] {words.happened}".split())
    html, text = (
        rendered(name, subject=subject, words=words, unwritten=unwritten) for name in ("email.html", "email.txt")
    )
    return Email(subject, html, text)
