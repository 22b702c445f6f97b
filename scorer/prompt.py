"""What goes into the writing of an answer, and what comes out of it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Prompt:
    """What a model is asked, and how it shall choose its words; temperature 0 always takes the likeliest."""

    messages: tuple[tuple[str, str], ...]  # (role, text)
    max_tokens: int | None = None
    temperature: float = 1.0
    top_p: float = 1.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    stop: tuple[str, ...] = ()
    seed: int | None = None


@dataclass(frozen=True)
class Text:
    """The next words of an answer."""

    text: str


@dataclass(frozen=True)
class End:
    """How an answer ended, and its length in tokens."""

    finish_reason: str
    prompt_tokens: int
    completion_tokens: int
