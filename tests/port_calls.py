"""Every call that a run makes of the outside world, read off the ports: a new one cannot be forgotten."""

from inspect import isfunction

from shared import ports
from shared.ports import (
    ChatModel,
    Datasets,
    DeadLetters,
    Endpoints,
    Keys,
    Messenger,
    Models,
    Policies,
    Queue,
    Reports,
    Runs,
    Safety,
    Topic,
    Training,
)

PORTS: dict[str, type] = {  # by their names in tests/unit/world.py
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
    "reports": Reports,
}
OF_CHATS = (Keys, Policies, Safety, ChatModel)  # what a run asks of these goes through screening and verification
ONLY_SHOWN = {  # noted and read for people who look, by no run
    ("runs", "latest"),
    ("letters", "count"),
    ("models", "note_asked"),
    ("models", "last_asked"),
}


def protocols() -> set[type]:
    """Return every port that there is."""
    found = [member for name, member in vars(ports).items() if not name.startswith("_")]
    return {
        one for one in found if getattr(one, "_is_protocol", False) and one.__module__.startswith(ports.__name__)
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
