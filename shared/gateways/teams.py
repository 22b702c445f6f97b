"""Teams: an Adaptive Card to the webhook of a workflow. The webhook's URL is a secret: whoever has it can post."""

from collections.abc import Mapping
from typing import Any

from azure.core import PipelineClient
from azure.core.pipeline.policies import CustomHookPolicy, HeadersPolicy, UserAgentPolicy
from azure.core.rest import HttpRequest, HttpResponse

from shared.calling import calling, client_options
from shared.core.messages import Background, teams_card
from shared.core.run import Notification
from shared.errors import ServiceRefused
from shared.settings import Settings

SERVICE = "teams"


class TeamsWebhook:
    """A Teams channel's workflow "When a Teams webhook request is received"."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.teams_webhook_url
        options = client_options(SERVICE)
        # No retries here, a repeated post is a repeated card; no logging policy, it would log the URL's path.
        policies = [HeadersPolicy(), UserAgentPolicy("tunedrop"), CustomHookPolicy(**options)]
        self._client: PipelineClient[HttpRequest, HttpResponse] = PipelineClient("", policies=policies, **options)

    def send(self, notification: Notification, background: Background) -> None:
        """Post the notification's card; raises ServiceUnavailable or ServiceRefused."""
        self.post(teams_card(notification, background))

    def post(self, card: Mapping[str, Any]) -> None:
        """Post an Adaptive Card; raises ServiceUnavailable or ServiceRefused."""
        attachment = {
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": None,
            "content": card,
        }
        message = {"type": "message", "attachments": [attachment]}
        with calling(SERVICE):
            answer = self._client.send_request(HttpRequest("POST", self._url, json=message))
            answer.raise_for_status()
        if answer.status_code >= 300:
            raise ServiceRefused(
                SERVICE, f"the webhook points elsewhere ({answer.status_code})", answer.status_code
            )
