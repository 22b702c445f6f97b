"""What PyTorch's launchers, Azure ML's among them, tell a process about itself in environment variables."""

from collections.abc import Mapping


def rank(environment: Mapping[str, str]) -> int:
    """Return this process's number; 0 writes the files."""
    return int(environment.get("RANK") or 0)


def world_size(environment: Mapping[str, str]) -> int:
    """Return how many processes train one model together, on all machines."""
    return int(environment.get("WORLD_SIZE") or 1)
