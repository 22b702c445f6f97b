"""A deployment that tests spoil, and what the preflight says of it."""

from dataclasses import dataclass, field

from shared.errors import ServiceRefused
from shared.preflight import CHECKS, Check, Site, Status, Told, look
from shared.settings import settings_and_faults
from tests.fakes.azure_site import ENVIRONMENT, NOW, FakeAzure


@dataclass
class Deployment:
    """A deployment and the settings by which it is looked at."""

    azure: FakeAzure = field(default_factory=FakeAzure)
    environment: dict[str, str] = field(default_factory=lambda: dict(ENVIRONMENT))
    test_card: bool = False

    def told(self, checks: tuple[Check, ...] = CHECKS) -> list[Told]:
        settings, faults = settings_and_faults(self.environment)
        site = Site(self.azure, settings, lambda: NOW, faults=faults, test_card=self.test_card)
        return look(site, checks)

    def not_ok(self) -> list[Told]:
        return [told for told in self.told() if told.line.status is not Status.OK]

    def set(self, name: str, value: str) -> None:
        self.environment[name] = value

    def property(self, path: str, **changed: object) -> None:
        self.azure.resources[path]["properties"].update(changed)

    def remove(self, path: str) -> None:
        del self.azure.resources[path]

    def unassign(self, who: str, role: str) -> None:
        self.azure.roles = [one for one in self.azure.roles if one[:2] != (who, role)]

    def fail(self, what: str, status: int, code: str = "", reason: str = "no") -> None:
        self.azure.failing[what] = ServiceRefused("azure", reason, status, code)
