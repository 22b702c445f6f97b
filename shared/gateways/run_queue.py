"""The queue of run ids that wait to be advanced; the host takes them from there."""

from azure.core.credentials import TokenCredential
from azure.storage.queue import QueueClient, TextBase64EncodePolicy

from shared.calling import calling, storage_options
from shared.ports import CROWD
from shared.settings import Settings

SERVICE = "run queue"


class RunQueue:
    """The queue `runs`: a message is a run id, in base64 as the Functions host expects by default."""

    def __init__(self, settings: Settings, credential: TokenCredential) -> None:
        self._queue = QueueClient(
            settings.queue_url,
            "runs",
            credential=credential,
            message_encode_policy=TextBase64EncodePolicy(),
            **storage_options(SERVICE),
        )

    def put(self, run_id: str) -> None:
        """Ask for the run to be advanced soon; asking twice is harmless."""
        with calling(SERVICE):
            self._queue.send_message(run_id)

    def crowded(self) -> bool:
        """Tell whether many messages wait to be taken; what is being worked on does not count."""
        with calling(SERVICE):
            return len(self._queue.peek_messages(CROWD)) >= CROWD
