"""E-mail through Azure Communication Services."""

import logging

from azure.communication.email import EmailClient
from azure.core.credentials import TokenCredential

from shared.calling import calling, client_options
from shared.core import messages
from shared.core.messages import Background
from shared.core.recipients import addresses_in, domains_of, recipients_of
from shared.core.run import Notification
from shared.errors import ServiceRefused
from shared.settings import Settings

log = logging.getLogger(__name__)

SERVICE = "email"


class EmailService:
    """E-mails to the team, and to those whom the dataset's manifest names."""

    def __init__(self, settings: Settings, credential: TokenCredential) -> None:
        self._sender = settings.email_sender
        self._team = addresses_in(settings.email_recipients)
        self._domains = domains_of(settings.email_domains, self._team, self._sender)
        self._client = EmailClient(settings.email_url, credential, **client_options(SERVICE))

    def send(self, notification: Notification, background: Background) -> None:
        """Hand the e-mail over; raises ServiceUnavailable or ServiceRefused.

        The service answers 202 at once and delivers later; the operation id makes one e-mail of repeated calls.
        """
        run = notification.run
        recipients = recipients_of(run.checked, self._team, self._domains)
        if recipients.unwritten:
            log.warning("run %s: %d addresses are outside EMAIL_DOMAINS", run.id, len(recipients.unwritten))
        mail = messages.email(notification, background, len(recipients.unwritten))
        message = {
            "senderAddress": self._sender,
            "recipients": {"to": [{"address": address} for address in recipients.to]},
            "content": {"subject": mail.subject, "plainText": mail.text, "html": mail.html},
            "headers": {"Message-ID": self._message_id(notification)},
            "userEngagementTrackingDisabled": True,
        }
        try:
            with calling(SERVICE):
                self._client.begin_send(message, operation_id=notification.id, polling=False)
        except ServiceRefused as refusal:
            if refusal.status != 409:  # this operation id was handed over before
                raise

    def _message_id(self, notification: Notification) -> str:
        """Return the same id for the same notification: mail programs show an e-mail that came twice once."""
        return f"<{notification.id}@{self._sender.rpartition('@')[2]}>"
