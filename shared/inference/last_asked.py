"""Remembers when each model was asked, beside the requests: an endpoint that nobody asks costs money."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from shared.errors import ServiceRefused, ServiceUnavailable
from shared.ports import Models

log = logging.getLogger(__name__)

NOTED_EVERY = timedelta(hours=1)  # for each model; idle endpoints are counted in days
MOST_AT_ONCE = 2  # writes under way; while a slow table holds so many, further requests are not noted


class LastAsked:
    """Notes requests in the table of models; no request waits for that, and none fails by it."""

    def __init__(self, models: Models, clock: Callable[[], datetime]) -> None:
        self._models, self._clock = models, clock
        self._noted: dict[str, datetime] = {}  # by names that the table has
        self._writing: set[asyncio.Future[None]] = set()

    def note(self, model: str) -> None:
        """Note that a model which is served was asked now, unless that was noted within the hour."""
        now = self._clock()
        noted = self._noted.get(model)
        if (noted is not None and now - noted < NOTED_EVERY) or len(self._writing) >= MOST_AT_ONCE:
            return
        self._noted[model] = now
        writing = asyncio.get_running_loop().run_in_executor(None, self._write, model, now)
        self._writing.add(writing)
        writing.add_done_callback(self._writing.discard)

    def _write(self, model: str, now: datetime) -> None:
        try:
            self._models.note_asked(model, now)
        except (ServiceUnavailable, ServiceRefused) as error:
            log.warning("that %s was asked is not noted: %s", model, error)
