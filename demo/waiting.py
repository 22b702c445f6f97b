"""Waiting for something to happen, with an end."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from demo.errors import DemoError, NoAnswerError

PAUSE = 0.5  # seconds between two looks
Found = TypeVar("Found")


def until(
    found: Callable[[], Found | None], limit: float, what: str, fix: str = "", pause: float = PAUSE
) -> Found:
    """Return the first thing found; raises DemoError after `limit` seconds, naming what was waited for."""
    quiet, end, last = threading.Event(), time.monotonic() + limit, ""
    while True:
        try:
            value = found()
            if value is not None:
                return value
        except NoAnswerError as error:
            last = f" (the last try: {error.what})"
        if time.monotonic() > end:
            raise DemoError(f"{what} did not come within {limit:g} s{last}", fix)
        quiet.wait(pause)
