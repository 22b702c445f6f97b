"""A World that asks for more: before a job costs money Azure, of a new endpoint its answer through moderation."""

import asyncio
from dataclasses import dataclass, field

from shared.core.run import Run
from shared.inference import Inference
from shared.ports import Deployment
from shared.preflight import Site, obstacle
from shared.settings import settings_and_faults
from shared.verification import problem_of
from tests.fakes import FakePolicies
from tests.fakes.azure_site import ENVIRONMENT, FakeAzure
from tests.fakes_inference import FakeChatModel
from tests.unit.world import World

SETTINGS, _FAULTS = settings_and_faults(ENVIRONMENT)


@dataclass
class WholeWorld(World):
    """Everything that a run touches, with nothing left out; slower than the plain World."""

    policies: FakePolicies = field(default_factory=FakePolicies)
    chat: FakeChatModel = field(default_factory=FakeChatModel)
    azure: FakeAzure = field(default_factory=FakeAzure)

    def __post_init__(self) -> None:
        super().__post_init__()
        site = Site(self.azure, SETTINGS, self.clock)
        self.training.obstacle = lambda base_model: obstacle(base_model, site)
        self.inference = Inference(self.models, self.policies, self.safety, self.chat, self.clock)

    def verify(self, deployment: Deployment, run: Run) -> str | None:
        """Return what the test wants to be wrong with the answer, else what the app finds wrong."""
        return self.answer() or asyncio.run(problem_of(deployment, run, self.inference.ask))
