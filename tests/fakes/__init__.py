"""In-memory stand-ins for the ports; they pass the same contract tests as the gateways (tests/contract)."""

from tests.fakes.azure_ml import FakeEndpoints, FakeTraining
from tests.fakes.datasets import FakeDatasets
from tests.fakes.policies import FakePolicies
from tests.fakes.run_storage import FakeQueue, FakeRuns
from tests.fakes.tables import FakeKeys, FakeModels
from tests.fakes.telling import FakeDeadLetters, FakeMessenger, FakeReports, FakeTopic

__all__ = [
    "FakeDatasets",
    "FakeDeadLetters",
    "FakeEndpoints",
    "FakeKeys",
    "FakeMessenger",
    "FakeModels",
    "FakePolicies",
    "FakeQueue",
    "FakeReports",
    "FakeRuns",
    "FakeTopic",
    "FakeTraining",
]
