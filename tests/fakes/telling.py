"""The custom topic and the channels, in memory."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from shared.core.messages import Background, ReportPlace
from shared.core.run import Notification
from shared.ports import DeadLetter
from tests.fakes.datasets import FakeDatasets
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
    """A channel in memory; `sent` holds every notification, repeated ones too, `backgrounds` what came with it."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Notification] = []
        self.backgrounds: list[Background] = []

    def send(self, notification: Notification, background: Background) -> None:
        with self._call("send"):
            self.sent.append(notification)
            self.backgrounds.append(background)


class FakeReports(Faulty):
    """Links to the reports that were written."""

    def __init__(self, datasets: FakeDatasets) -> None:
        super().__init__()
        self._datasets = datasets

    def place_of(self, run_id: str, now: datetime) -> ReportPlace | None:
        with self._call("place_of"):
            if f"{run_id}/report.html" not in self._datasets.written:
                return None
            url = f"https://st.example/reports/{run_id}/report.html?sig=secret"
            return ReportPlace(f"reports/{run_id}/report.html", url, now + timedelta(days=7))


class FakeDeadLetters(Faulty):
    """The container of dead letters in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.letters: dict[str, tuple[DeadLetter, datetime]] = {}

    def bury(self, letter: DeadLetter, now: datetime) -> None:
        """Do what Event Grid does with an event that it gives up."""
        self.letters[letter.name] = (letter, now)

    def since(self, moment: datetime) -> list[DeadLetter]:
        with self._call("since"):
            return [letter for letter, written in self.letters.values() if written > moment]

    def count(self) -> int:
        with self._call("count"):
            return len(self.letters)

    def remove(self, letter: DeadLetter) -> None:
        with self._call("remove"):
            self.letters.pop(letter.name, None)
