"""The custom topic and the channels, in memory."""

from collections.abc import Sequence

from shared.core.run import Notification
from tests.fakes.faulty import Faulty


class FakeTopic(Faulty):
    """The custom topic in memory; `published` holds every notification, repeated ones too."""

    def __init__(self) -> None:
        super().__init__()
        self.published: list[Notification] = []

    def publish(self, notifications: Sequence[Notification]) -> None:
        with self._call("publish"):
            self.published.extend(notifications)


class FakeMessenger(Faulty):
    """A channel in memory; `sent` holds every notification, repeated ones too."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Notification] = []

    def send(self, notification: Notification) -> None:
        with self._call("send"):
            self.sent.append(notification)
