"""Azure Communication Services e-mail: takes a message under an operation id, once, and says that it was sent."""

import uuid
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from localcloud.frame import Cloud, Handler, azure_error, token_refusal, versioned
from localcloud.mailbox import mailbox_of

AUDIENCE = "https://communication.azure.com"
API_VERSION = "2025-09-01"  # what azure-communication-email 1.1.0 speaks
LARGEST_EMAIL = 10 * 1024 * 1024  # bytes


def email_routes(cloud: Cloud) -> list[Route]:
    """Return the routes that send an e-mail and tell what became of it."""
    mailbox = mailbox_of(cloud)

    async def send(request: Request) -> Response:
        refusal, message, operation = await _checked(request)
        if refusal is not None:
            return refusal
        if mailbox.sent_by(operation) is None:
            mailbox.keep("email", message, operation)
        location = f"{cloud.urls['inbox']}/emails/operations/{operation}?api-version={API_VERSION}"
        headers = {"Operation-Location": location, "retry-after": "1"}
        return JSONResponse({"id": operation, "status": "Running", "error": None}, 202, headers)

    async def outcome(request: Request) -> Response:
        found = mailbox.sent_by(request.path_params["id"])
        if found is None:
            return azure_error(404, "OperationNotFound", "no e-mail was sent under this id")
        return JSONResponse({"id": found.operation, "status": "Succeeded", "error": None})

    return [
        versioned("/emails:send", "POST", _with_token(send), [API_VERSION]),
        versioned("/emails/operations/{id}", "GET", _with_token(outcome), [API_VERSION]),
    ]


async def _checked(request: Request) -> tuple[Response | None, dict[str, Any], str]:
    """Return a refusal or None, the message, and the operation's id: the caller's makes repeats harmless."""
    operation = request.headers.get("operation-id") or str(uuid.uuid4())
    if len(await request.body()) > LARGEST_EMAIL:
        return azure_error(413, "EmailSizeLimitExceeded", "an e-mail has at most 10 MB"), {}, operation
    try:
        message = await request.json()
    except ValueError:
        message = None
    problem = email_problem(message)
    if not _is_uuid(operation):
        problem = "Operation-Id must be a UUID"
    return (azure_error(400, "InvalidRequest", problem) if problem else None), message, operation


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
    if not all(isinstance(content.get(form, ""), str) for form in ("subject", "plainText", "html")):
        return "content.subject, content.plainText and content.html are texts"
    headers = message.get("headers", {})
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        return "headers must map names to texts"
    recipients = (message.get("recipients") or {}).get("to")
    if not isinstance(recipients, list) or not recipients:
        return "recipients.to must name at least one recipient"
    if not all(isinstance(one, dict) and "@" in str(one.get("address", "")) for one in recipients):
        return "each recipient needs an address"
    return ""


def _with_token(handler: Handler) -> Handler:
    async def checked(request: Request) -> Response:
        refusal = token_refusal(request.headers.get("authorization", ""), (AUDIENCE,))
        if refusal is not None:
            return refusal
        return await handler(request)

    return checked


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
