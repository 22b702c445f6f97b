"""Are the services that TuneDrop stands on there? Asked at most every half minute, whoever asks."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from shared.core.policy import Policy
from shared.errors import TuneDropError

log = logging.getLogger(__name__)

KEPT = timedelta(seconds=30)  # anyone may ask, and an answer costs calls: it is kept this long
DEADLINE = 5.0  # seconds for all checks together; they run beside each other


class Health:
    """Runs one small call per service, each in a thread.

    One that returns words says what is wrong; one that returns a mapping tells what people should see.
    """

    def __init__(self, checks: Mapping[str, Callable[[], object]], clock: Callable[[], datetime]) -> None:
        self._checks, self._clock = checks, clock
        self._kept: tuple[datetime, dict[str, Any]] | None = None

    async def report(self) -> dict[str, Any]:
        """Return {"status": "ok" | "degraded", "services": {name: "ok" | reason}, "at": ISO time, ...}."""
        now = self._clock()
        if self._kept and now - self._kept[0] < KEPT:
            return self._kept[1]
        told: dict[str, Any] = {}
        found = await asyncio.gather(*(self._check(name, told) for name in self._checks))
        services = dict(zip(self._checks, found, strict=True))
        status = "ok" if set(found) == {"ok"} else "degraded"
        report = {"status": status, "services": services, "at": now.isoformat(), **told}
        self._kept = (now, report)
        return report

    async def _check(self, name: str, told: dict[str, Any]) -> str:
        """Return "ok" or what is wrong in a word or two: the caller is anonymous, the log says more."""
        try:
            async with asyncio.timeout(DEADLINE):
                found = await asyncio.to_thread(self._checks[name])
        except TimeoutError:
            log.warning("health: %s did not answer within %g s", name, DEADLINE)
            return "slow"
        except TuneDropError as error:
            log.warning("health: %s", error)
            return "unavailable"
        told.update(found if isinstance(found, Mapping) else {})
        return found if isinstance(found, str) else "ok"


def undelivered(letters: int) -> str | None:
    """Return what is wrong with notifications of which so many reached nobody; None where all did."""
    return f"{letters} undelivered" if letters else None


def unchecked_models(policies: Mapping[str, Policy], now: datetime) -> Mapping[str, Any]:
    """Return the models whose texts nobody checks at this time, and until when; empty where there is none."""
    holding = {model: policy.at(now).opt_out for model, policy in policies.items()}
    found = {model: opt_out.until.isoformat() for model, opt_out in holding.items() if opt_out is not None}
    return {"unchecked_models": found} if found else {}
