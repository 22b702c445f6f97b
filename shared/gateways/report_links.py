"""Links that open a run's report, and nothing else, without an account: a signature by the app's own identity."""

from dataclasses import replace
from datetime import datetime, timedelta

from azure.core.credentials import TokenCredential
from azure.storage.blob import BlobClient, BlobSasPermissions, BlobServiceClient, generate_blob_sas

from shared.calling import calling, storage_options
from shared.core.messages import ReportPlace, unlinked
from shared.errors import NotFound
from shared.settings import Settings

SERVICE = "blob storage"
CONTAINER = "reports"
READ_TIMEOUT = 5.0  # seconds
SKEW = timedelta(minutes=15)  # how far two clocks may be apart
LONGEST = timedelta(days=7) - SKEW  # the life of a key for signatures; a signature ends with its key


class ReportLinks:
    """Makes links with a user delegation key: no account key is needed."""

    def __init__(self, settings: Settings, credential: TokenCredential) -> None:
        # Messages wait for it and can go without a link: half as long as elsewhere, and one retry less.
        options = storage_options(SERVICE, READ_TIMEOUT) | {"retry_total": 1}
        self._blobs = BlobServiceClient(settings.blob_url, credential=credential, **options)
        self._life = min(timedelta(days=int(settings.report_link_days)), LONGEST)

    def place_of(self, run_id: str, now: datetime) -> ReportPlace | None:
        """Return where the run's report lies, with a link where the settings want one; None: there is no report.

        Raises ServiceUnavailable, or ServiceRefused where the identity may not ask for a key.
        """
        blob = self._blobs.get_blob_client(CONTAINER, f"{run_id}/report.html")
        try:
            with calling(SERVICE):
                blob.get_blob_properties()
        except NotFound:
            return None
        place, until = unlinked(run_id), now + self._life
        if not self._life:
            return place
        return replace(place, url=f"{blob.url}?{self._signature(blob, now, until)}", until=until)

    def _signature(self, blob: BlobClient, now: datetime, until: datetime) -> str:
        with calling(SERVICE):
            key = self._blobs.get_user_delegation_key(now - SKEW, until)
        return generate_blob_sas(
            str(blob.account_name),
            blob.container_name,
            blob.blob_name,
            user_delegation_key=key,
            permission=BlobSasPermissions(read=True),
            expiry=until,
            protocol="https",
        )
