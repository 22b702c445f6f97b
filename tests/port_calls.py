"""Every call that a run makes of the outside world, read off the ports: a new one cannot be forgotten."""

from importlib import import_module
from inspect import isfunction
from pkgutil import walk_packages

import shared
from shared.core.dataset.second_pass import LineMeasure, Measure
from shared.core.dataset.tokens import CountTokens
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
from shared.preflight import Azure

Call = tuple[str, str]  # a fake's name and a method's

PORTS: dict[str, type] = {  # by their names in tests/whole_world.py
    "runs": Runs,
    "queue": Queue,
    "datasets": Datasets,
    "letters": DeadLetters,
    "training": Training,
    "azure": Azure,
    "endpoints": Endpoints,
    "models": Models,
    "policies": Policies,
    "safety": Safety,
    "chat": ChatModel,
    "topic": Topic,
    "teams": Messenger,
    "email": Messenger,
    "reports": Reports,
}
NO_PORTS_OF_RUNS: dict[type, str] = {
    Keys: "who may ask is looked up for clients and people",
    CountTokens: "counts in memory",
    Measure: "measures in memory",
    LineMeasure: "measures in memory",
}
NO_CALLS_OF_RUNS: dict[Call, str] = {
    ("runs", "latest"): "lists runs for people",
    ("letters", "count"): "shown by /health",
    ("models", "note_asked"): "of clients' chats",
    ("models", "last_asked"): "of clients' chats, read once a day",
    ("policies", "all"): "lists policies for people",
    ("policies", "put"): "what people decide",
    ("policies", "remove"): "what people decide",
    ("chat", "stream"): "for clients; a first question is answered whole",
    **{("azure", name): "asked by `tunedrop doctor`" for name in ("claims", "time", "open", "verdict")},
    ("azure", "post_test_card"): "asked by `tunedrop doctor`",
}


def protocols() -> set[type]:
    """Return every protocol that there is in `shared`."""
    modules = [import_module(found.name) for found in walk_packages(shared.__path__, "shared.")]
    members = [member for module in modules for member in vars(module).values()]
    return {
        one
        for one in members
        if isinstance(one, type) and getattr(one, "_is_protocol", False) and one.__module__.startswith("shared.")
    }


def methods_of(port: type) -> list[str]:
    """Return the names of a port's methods."""
    return [name for name, member in vars(port).items() if isfunction(member) and not name.startswith("_")]


ALL_CALLS: list[Call] = [(fake, method) for fake, port in PORTS.items() for method in methods_of(port)]
CALLS = [call for call in ALL_CALLS if call not in NO_CALLS_OF_RUNS]
