"""What the use cases need of the world, as Protocols; the gateways and the tests' fakes provide it."""

from shared.ports.access import KEY_ID_DIGITS, ApiKey, Deployment, Keys, Models, Policies
from shared.ports.azure_ml import PREFLIGHT, Endpoint, Endpoints, Job, Training
from shared.ports.blobs import Datasets, DeadLetter, DeadLetters, Dropped
from shared.ports.chat import Analysis, Attacks, ChatModel, Safety
from shared.ports.runs import CLAIM_HOLDS, CROWD, Queue, Runs, StoredRun
from shared.ports.telling import Messenger, Reports, Topic

__all__ = [
    "CLAIM_HOLDS",
    "CROWD",
    "KEY_ID_DIGITS",
    "PREFLIGHT",
    "Analysis",
    "ApiKey",
    "Attacks",
    "ChatModel",
    "Datasets",
    "DeadLetter",
    "DeadLetters",
    "Deployment",
    "Dropped",
    "Endpoint",
    "Endpoints",
    "Job",
    "Keys",
    "Messenger",
    "Models",
    "Policies",
    "Queue",
    "Reports",
    "Runs",
    "Safety",
    "StoredRun",
    "Topic",
    "Training",
]
