"""E-mail through Azure Communication Services."""

from azure.communication.email import EmailClient
from azure.core.credentials import TokenCredential

from shared.calling import calling, client_options
from shared.core import messages
from shared.core.run import Notification
from shared.errors import ServiceRefused
from shared.settings import Settings

SERVICE = "email"


class EmailService:
    """E-mails to the team, and to the dataset's owner where the manifest names an address."""

    def __init__(self, settings: Settings, credential: TokenCredential) -> None:
        self._sender = settings.email_sender
        self._team = [address.strip() for address in settings.email_recipients.split(",") if address.strip()]
        self._client = EmailClient(settings.email_url, credential, **client_options(SERVICE))

    def send(self, notification: Notification) -> None:
        """Hand the e-mail over; raises ServiceUnavailable or ServiceRefused.

        The service answers 202 at once and delivers later; the operation id makes one e-mail of repeated calls.
        """
        run, mail = notification.run, messages.email(notification)
        message = {
            "senderAddress": self._sender,
            "recipients": {"to": [{"address": address} for address in self._recipients(run.checked.owner)]},
            "content": {"subject": mail.subject, "plainText": mail.text, "html": mail.html},
            "userEngagementTrackingDisabled": True,
        }
        try:
            with calling(SERVICE):
                self._client.begin_send(message, operation_id=notification.id, polling=False)
        except ServiceRefused as refusal:
            if refusal.status != 409:  # this operation id was handed over before
                raise

    def _recipients(self, owner: str) -> list[str]:
        everybody = [*self._team, *([owner] if "@" in owner else [])]
        return list({address.lower(): address for address in reversed(everybody)}.values())[::-1]
