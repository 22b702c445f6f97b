"""What a reader sees of a kept message: who wrote to whom, when, about what, and its forms."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from localcloud.mailbox import Message

KINDS = {"teams": "Teams", "email": "E-mail"}


@dataclass(frozen=True)
class Letter:
    """One card or e-mail, for the inbox's pages."""

    number: int
    at: str
    channel: str
    kind: str
    subject: str
    sender: str
    recipients: str
    headers: tuple[tuple[str, str], ...] = ()
    cards: tuple[dict[str, Any], ...] = ()
    html: str = ""
    text: str = ""


def letter_of(message: Message) -> Letter:
    """Return a message as a reader sees it; what came over the wire was checked when it was kept."""
    return _card(message) if message.channel == "teams" else _email(message)


def _card(message: Message) -> Letter:
    cards = tuple(attachment["content"] for attachment in message.body["attachments"])
    subject = next((text for card in cards for text in _texts(card)), "(a card without a text)")
    return Letter(
        **_common(message), subject=subject, sender="Workflows", recipients="the Teams channel", cards=cards
    )


def _texts(element: Any) -> Iterator[str]:
    """Yield the texts of a card's blocks, those inside others included."""
    if not isinstance(element, dict):
        return
    if isinstance(element.get("text"), str):
        yield element["text"]
    for name in ("body", "items", "columns", "inlines"):
        for inner in element.get(name) or []:
            yield from _texts(inner)


def _email(message: Message) -> Letter:
    body, content = message.body, message.body["content"]
    return Letter(
        **_common(message),
        subject=content["subject"],
        sender=body["senderAddress"],
        recipients=", ".join(one["address"] for one in body["recipients"]["to"]),
        headers=tuple((str(name), str(value)) for name, value in (body.get("headers") or {}).items()),
        html=content.get("html") or "",
        text=content.get("plainText") or "",
    )


def _common(message: Message) -> dict[str, Any]:
    return {
        "number": message.number,
        "at": message.at,
        "channel": message.channel,
        "kind": KINDS[message.channel],
    }
