"""Which values the parameters of a chat completion take, wherever our own model writes the answer."""

import math
from collections.abc import Callable, Mapping
from typing import Any

MOST_CHOICES = 8
MOST_STOPS = 4


def _number(low: float, high: float) -> Callable[[Any], bool]:
    return lambda v: (
        not isinstance(v, bool) and isinstance(v, int | float) and math.isfinite(v) and low <= v <= high
    )


def _whole(low: int, high: int) -> Callable[[Any], bool]:
    return lambda v: not isinstance(v, bool) and isinstance(v, int) and low <= v <= high


def _stop(value: Any) -> bool:
    words = [value] if isinstance(value, str) else value
    return isinstance(words, list) and len(words) <= MOST_STOPS and all(isinstance(w, str) and w for w in words)


FITS: Mapping[str, Callable[[Any], bool]] = {
    "max_tokens": _whole(1, 1_000_000),
    "temperature": _number(0, 2),
    "top_p": _number(0.000001, 1),
    "presence_penalty": _number(-2, 2),
    "frequency_penalty": _number(-2, 2),
    "seed": _whole(-(2**62), 2**62),
    "stop": _stop,
    "stream": lambda value: isinstance(value, bool),
    "stream_options": lambda value: isinstance(value, dict),
    "n": _whole(1, MOST_CHOICES),
    "model": lambda value: isinstance(value, str),  # any name will do: an endpoint has one model
    "response_format": lambda value: value == {"type": "text"},
}
PASSED_ON = ("max_tokens", "temperature", "top_p", "presence_penalty", "frequency_penalty", "seed")
