"""A message as an e-mail: HTML for most readers, text for the others; both say the same."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from shared.core.messages.background import NOTHING_MORE, Background
from shared.core.messages.words import words_of
from shared.core.run import Notification

if TYPE_CHECKING:
    import jinja2

TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True)
class Email:
    """An e-mail's words; the HTML says the same as the text."""

    subject: str
    html: str
    text: str


def email(notification: Notification, background: Background = NOTHING_MORE, unwritten: int = 0) -> Email:
    """Return the notification as an e-mail; `unwritten` counts addresses that it may not be sent to."""
    words = words_of(notification.run, background)
    subject = " ".join(f"[TuneDrop] {words.happened}".split())
    html, text = (
        _environment().get_template(name).render(subject=subject, words=words, unwritten=unwritten)
        for name in ("email.html", "email.txt")
    )
    return Email(subject, html, text)


@cache
def _environment() -> "jinja2.Environment":
    import jinja2  # only where an e-mail is written: it costs a start of the app a few hundredths of a second

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=jinja2.select_autoescape(["html"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
