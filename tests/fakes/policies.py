"""The table of policies, in memory."""

from shared.core.policy import Policy
from tests.fakes.faulty import Faulty


class FakePolicies(Faulty):
    """The table of policies in memory."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: dict[str, Policy] = {}

    def find(self, model: str) -> Policy | None:
        with self._call("find"):
            return self._rows.get(model)

    def all(self) -> dict[str, Policy]:
        with self._call("all"):
            return dict(self._rows)

    def put(self, model: str, policy: Policy) -> None:
        with self._call("put"):
            self._rows[model] = policy

    def remove(self, model: str) -> bool:
        with self._call("remove"):
            return self._rows.pop(model, None) is not None
