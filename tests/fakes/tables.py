"""The tables of model names and API keys, in memory."""

from dataclasses import replace
from datetime import datetime

from shared.ports import ApiKey, Deployment
from tests.fakes.faulty import Faulty


class FakeModels(Faulty):
    """The table of model names in memory."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: dict[str, Deployment] = {}
        self._asked: dict[str, datetime] = {}

    def find(self, model: str) -> Deployment | None:
        with self._call("find"):
            return self._rows.get(model)

    def all(self) -> list[Deployment]:
        with self._call("all"):
            return [self._rows[model] for model in sorted(self._rows)]

    def point(self, deployment: Deployment) -> Deployment:
        with self._call("point"):
            self._rows[deployment.model] = deployment.taking_over(self._rows.get(deployment.model))
            return self._rows[deployment.model]

    def forget_previous(self, deployment: Deployment) -> None:
        with self._call("forget_previous"):
            current = self._rows.get(deployment.model)
            if current and current.previous == deployment.previous:
                self._rows[deployment.model] = replace(current, previous=None)

    def point_back(self, deployment: Deployment) -> None:
        with self._call("point_back"):
            current = self._rows.get(deployment.model)
            if current is None or current.endpoint != deployment.endpoint:
                return
            if current.previous:
                self._rows[deployment.model] = current.previous
            else:
                del self._rows[deployment.model]

    def note_asked(self, model: str, at: datetime) -> None:
        with self._call("note_asked"):
            self._asked[model] = at

    def last_asked(self) -> dict[str, datetime]:
        with self._call("last_asked"):
            return dict(self._asked)


class FakeKeys(Faulty):
    """The table of API keys in memory."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: dict[str, ApiKey] = {}

    def find(self, key_hash: str) -> ApiKey | None:
        with self._call("find"):
            return self._rows.get(key_hash)

    def add(self, key: ApiKey) -> None:
        with self._call("add"):
            self._rows[key.hash] = key

    def all(self) -> list[ApiKey]:
        with self._call("all"):
            return sorted(self._rows.values(), key=lambda key: (key.created, key.hash))

    def revoke(self, key_id: str) -> bool:
        with self._call("revoke"):
            found = [key.hash for key in self._rows.values() if key.id == key_id]
            for key_hash in found:
                del self._rows[key_hash]
            return bool(found)

    def note_use(self, key_hash: str, at: datetime) -> None:
        with self._call("note_use"):
            if key_hash in self._rows:
                self._rows[key_hash] = replace(self._rows[key_hash], last_used=at)
