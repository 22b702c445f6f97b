"""Every call that a run makes of the outside world, read off the ports: a new one cannot be forgotten."""

from inspect import isfunction
from typing import Protocol

from shared.ports import Datasets, DeadLetters, Endpoints, Messenger, Models, Queue, Runs, Topic, Training

PORTS: dict[str, type[Protocol]] = {  # type: ignore[valid-type]  # by their names in tests/unit/world.py
    "runs": Runs,
    "queue": Queue,
    "datasets": Datasets,
    "letters": DeadLetters,
    "training": Training,
    "endpoints": Endpoints,
    "models": Models,
    "topic": Topic,
    "teams": Messenger,
    "email": Messenger,
}
ONLY_SHOWN = {  # read for people who look, by no run
    ("runs", "latest"),
    ("runs", "history"),
    ("letters", "count"),
}


def methods_of(port: type) -> list[str]:
    """Return the names of a port's methods."""
    return [name for name, member in vars(port).items() if isfunction(member) and not name.startswith("_")]


CALLS = [
    (fake, method)
    for fake, port in PORTS.items()
    for method in methods_of(port)
    if (fake, method) not in ONLY_SHOWN
]
