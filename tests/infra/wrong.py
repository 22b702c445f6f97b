"""One thing that is wrong with the infrastructure."""

from dataclasses import dataclass

from tests.infra.bicep import File


@dataclass(frozen=True)
class Wrong:
    """Where it is, which rule it breaks, and what exactly."""

    file: str
    line: int
    rule: str
    text: str


def wrong(file: File, line: int, rule: str, text: str) -> Wrong:
    """Return a finding of a file."""
    return Wrong(file.path.name, line, rule, text)
