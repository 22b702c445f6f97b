"""The container `deadletters`: events that Event Grid gave up delivering."""

import json
from datetime import datetime

from azure.core.credentials import TokenCredential
from azure.storage.blob import BlobServiceClient

from shared.calling import calling, storage_options
from shared.errors import NotFound
from shared.ports import DeadLetter
from shared.settings import Settings

SERVICE = "dead letters"
COUNTED = 1000  # letters; more are not counted


class DeadLetterContainer:
    """Reads and removes dead letters; each is a blob with an array of events."""

    def __init__(self, settings: Settings, credential: TokenCredential) -> None:
        service = BlobServiceClient(settings.blob_url, credential=credential, **storage_options(SERVICE))
        self._container = service.get_container_client("deadletters")

    def since(self, moment: datetime) -> list[DeadLetter]:
        """Return the letters written after a moment."""
        with calling(SERVICE):
            names = [blob.name for blob in self._container.list_blobs() if blob.last_modified > moment]
            return [DeadLetter(name, *_told(self._container.download_blob(name).readall())) for name in names]

    def count(self) -> int:
        """Return how many letters there are, a thousand at most."""
        with calling(SERVICE):
            return sum(1 for _, _ in zip(range(COUNTED), self._container.list_blob_names(), strict=False))

    def remove(self, letter: DeadLetter) -> None:
        """Remove a letter; it may be gone already."""
        try:
            with calling(SERVICE):
                self._container.delete_blob(letter.name)
        except NotFound:
            return


def _told(content: bytes) -> tuple[str, str, str]:
    """Return an undelivered event's type, its subject, and why it was given up; all empty for what is none."""
    try:
        found = json.loads(content)
        event = found[0] if isinstance(found, list) else found
        return str(event["eventType"]), str(event["subject"]), str(event.get("deadLetterReason", ""))
    except (ValueError, LookupError, TypeError, AttributeError):
        return "", "", ""
