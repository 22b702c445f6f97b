"""The inbox: a Teams workflow and Azure Communication Services e-mail, both kept to be looked at instead of sent."""

import itertools
import secrets
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from localcloud.frame import Cloud, Service, azure_error, token_refusal, versioned
from localcloud.inbox_page import page

SIGNATURE = "teams_signature"  # where the cloud's shared facts keep the webhook's secret
MAILBOX = "mailbox"
EMAIL_AUDIENCE = "https://communication.azure.com"
EMAIL_VERSION = "2025-09-01"  # what azure-communication-email 1.1.0 speaks
ADAPTIVE_CARD = "application/vnd.microsoft.card.adaptive"
LARGEST_CARD = 28 * 1024  # bytes that Teams shows
LARGEST_EMAIL = 10 * 1024 * 1024  # bytes


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
    numbers: Iterable[int] = field(default_factory=lambda: itertools.count(1))

    def keep(self, channel: str, body: dict[str, Any], operation: str = "") -> None:
        """Keep one message."""
        number = next(iter(self.numbers))
        self.messages.append(Message(number, datetime.now(UTC).isoformat(), channel, body, operation))

    def sent_by(self, operation: str) -> Message | None:
        """Return the e-mail that an operation sent."""
        return next((m for m in self.messages if m.channel == "email" and m.operation == operation), None)


def mailbox_of(cloud: Cloud) -> Mailbox:
    """Return the mailbox of a local cloud."""
    mailbox: Mailbox = cloud.shared.setdefault(MAILBOX, Mailbox())
    return mailbox


def service(cloud: Cloud) -> Service:
    """Return the stand-ins for the Teams workflow and for e-mail; each checks its own secret or token."""
    mailbox = mailbox_of(cloud)
    signature: str = cloud.shared.setdefault(SIGNATURE, secrets.token_urlsafe(32))

    async def teams(request: Request) -> Response:
        if not secrets.compare_digest(request.query_params.get("sig", "").encode(), signature.encode()):
            return azure_error(401, "DirectApiAuthorizationRequired", "the URL's sig is missing or wrong")
        body = await request.body()
        if len(body) > LARGEST_CARD:
            return azure_error(413, "RequestEntityTooLarge", "Teams shows cards of at most 28 KB")
        message = await _json(request)
        problem = card_problem(message)
        if problem:
            return azure_error(400, "TriggerInputSchemaMismatch", problem)
        mailbox.keep("teams", message)
        return Response(status_code=202)

    async def send_email(request: Request) -> Response:
        message = await _json(request)
        problem = email_problem(message)
        if problem:
            return azure_error(400, "InvalidRequest", problem)
        operation = request.headers.get("operation-id") or str(uuid.uuid4())
        if not _is_uuid(operation):
            return azure_error(400, "InvalidRequest", "Operation-Id must be a UUID")
        if mailbox.sent_by(operation) is None:
            mailbox.keep("email", message, operation)
        location = f"{cloud.urls['inbox']}/emails/operations/{operation}?api-version={EMAIL_VERSION}"
        headers = {"Operation-Location": location, "retry-after": "1"}
        return JSONResponse({"id": operation, "status": "Running", "error": None}, 202, headers)

    async def operation(request: Request) -> Response:
        found = mailbox.sent_by(request.path_params["id"])
        if found is None:
            return azure_error(404, "OperationNotFound", "no e-mail was sent under this id")
        return JSONResponse({"id": found.operation, "status": "Succeeded", "error": None})

    return Service(
        "inbox",
        [
            Route("/workflows/tunedrop/triggers/manual/paths/invoke", teams, methods=["POST"]),
            versioned("/emails:send", "POST", _with_token(send_email), [EMAIL_VERSION]),
            versioned("/emails/operations/{id}", "GET", _with_token(operation), [EMAIL_VERSION]),
        ],
    )


def page_routes(cloud: Cloud) -> list[Route]:
    """Return the routes of the page that shows what was sent."""
    mailbox = mailbox_of(cloud)

    async def messages(_request: Request) -> Response:
        return JSONResponse([asdict(message) for message in mailbox.messages])

    async def show(_request: Request) -> Response:
        return HTMLResponse(page([asdict(message) for message in reversed(mailbox.messages)]))

    return [Route("/", show), Route("/messages", messages)]


def card_problem(message: Any) -> str:
    """Return why a body is not what the workflow's trigger takes, or nothing."""
    if not isinstance(message, dict) or message.get("type") != "message":
        return 'the body must be an object with "type": "message"'
    attachments = message.get("attachments")
    if not isinstance(attachments, list) or not attachments:
        return '"attachments" must be an array with at least one card'
    for attachment in attachments:
        if not isinstance(attachment, dict) or attachment.get("contentType") != ADAPTIVE_CARD:
            return f'each attachment needs "contentType": "{ADAPTIVE_CARD}"'
        card = attachment.get("content")
        if not isinstance(card, dict) or card.get("type") != "AdaptiveCard" or not isinstance(card.get("body"), list):
            return '"content" must be an object with "type": "AdaptiveCard", "version" and a "body" array'
        if not isinstance(card.get("version"), str):
            return 'an Adaptive Card needs "version"'
    return ""


def email_problem(message: Any) -> str:
    """Return why a body is no e-mail as the service takes it, or nothing."""
    if not isinstance(message, dict):
        return "the body must be a JSON object"
    if not isinstance(message.get("senderAddress"), str) or "@" not in message["senderAddress"]:
        return "senderAddress must be an e-mail address"
    content = message.get("content")
    if not isinstance(content, dict) or not content.get("subject"):
        return "content.subject is required"
    if not content.get("plainText") and not content.get("html"):
        return "content.plainText or content.html is required"
    recipients = (message.get("recipients") or {}).get("to")
    if not isinstance(recipients, list) or not recipients:
        return "recipients.to must name at least one recipient"
    if not all(isinstance(one, dict) and "@" in str(one.get("address", "")) for one in recipients):
        return "each recipient needs an address"
    return ""


def _with_token(handler: Any) -> Any:
    async def checked(request: Request) -> Response:
        refusal = token_refusal(request.headers.get("authorization", ""), (EMAIL_AUDIENCE,))
        if refusal is not None:
            return refusal
        answer: Response = await handler(request)
        return answer

    return checked


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


async def _json(request: Request) -> Any:
    try:
        return await request.json()
    except ValueError:
        return None
