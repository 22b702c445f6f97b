"""What passes between the local cloud and its scoring worker: what the scoring script's code takes and gives."""

from dataclasses import dataclass

from scorer import prompt
from scorer.prompt import End, Text

__all__ = ["End", "Prompt", "Text"]


@dataclass(frozen=True, kw_only=True)
class Prompt(prompt.Prompt):
    """What the model in a folder is asked."""

    folder: str
