"""What the work needs of the world, and what it says when nothing has happened yet."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from shared.core.dataset.cost import UNKNOWN_PRICES, Prices
from shared.core.run import Run
from shared.ports import Datasets, Deployment, Endpoints, Job, Models, Training
from shared.screening import Screening

NO_RIGHTS = frozenset({401, 403})  # a new role assignment takes minutes to be known: wait for it


@dataclass(frozen=True)
class Waiting:
    """Nothing has happened yet; the job's latest status where the work read one, and what is waited for."""

    job: Job | None = None
    trouble: str = ""


@dataclass(frozen=True)
class Services:
    """What the work needs of the world."""

    datasets: Datasets
    training: Training
    endpoints: Endpoints
    models: Models
    screening: Screening
    verify: Callable[[Deployment, Run], str | None]  # what is wrong with the deployment's answer, or None
    clock: Callable[[], datetime]
    default_base_model: str = "Phi-4-mini-instruct"
    prices: Prices = UNKNOWN_PRICES
