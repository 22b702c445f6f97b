"""A Teams workflow with the trigger "when a webhook request is received": takes Adaptive Cards."""

import secrets
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from localcloud.frame import Cloud, azure_error
from localcloud.mailbox import mailbox_of

SIGNATURE = "teams_signature"  # where the cloud's shared facts keep the webhook's secret
ADAPTIVE_CARD = "application/vnd.microsoft.card.adaptive"
LARGEST_CARD = 28 * 1024  # bytes that Teams shows
PATH = "/workflows/tunedrop/triggers/manual/paths/invoke"


def teams_routes(cloud: Cloud) -> list[Route]:
    """Return the workflow's route; its URL must carry the secret."""
    mailbox = mailbox_of(cloud)
    signature: str = cloud.shared.setdefault(SIGNATURE, secrets.token_urlsafe(32))

    async def receive(request: Request) -> Response:
        if not secrets.compare_digest(request.query_params.get("sig", "").encode(), signature.encode()):
            return azure_error(401, "DirectApiAuthorizationRequired", "the URL's sig is missing or wrong")
        if len(await request.body()) > LARGEST_CARD:
            return azure_error(413, "RequestEntityTooLarge", "Teams shows cards of at most 28 KB")
        try:
            message = await request.json()
        except ValueError:
            message = None
        problem = card_problem(message)
        if problem:
            return azure_error(400, "TriggerInputSchemaMismatch", problem)
        mailbox.keep("teams", message)
        return Response(status_code=202)

    return [Route(PATH, receive, methods=["POST"])]


def webhook_url(cloud: Cloud) -> str:
    """Return the URL that an app needs to post to the workflow; it is a secret."""
    return f"{cloud.urls['inbox']}{PATH}?sig={cloud.shared[SIGNATURE]}"


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
        if (
            not isinstance(card, dict)
            or card.get("type") != "AdaptiveCard"
            or not isinstance(card.get("body"), list)
        ):
            return '"content" must be an object with "type": "AdaptiveCard", "version" and a "body" array'
        if not isinstance(card.get("version"), str):
            return 'an Adaptive Card needs "version"'
    return ""
