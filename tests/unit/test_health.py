"""Health says which service is away, and does not ask again at every call."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.core.policy import OptOut, Policy
from shared.errors import ServiceRefused, ServiceUnavailable
from shared.health import KEPT, Health, unchecked_models

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def raising(error: Exception):
    def check() -> None:
        raise error

    return check


@pytest.mark.parametrize(
    ("checks", "status", "services"),
    [
        ({"a": lambda: None, "b": lambda: None}, "ok", {"a": "ok", "b": "ok"}),
        ({"a": raising(ServiceUnavailable("a", "secret"))}, "degraded", {"a": "unavailable"}),
        (
            {"a": lambda: None, "b": raising(ServiceRefused("b", "secret", 403))},
            "degraded",
            {"a": "ok", "b": "unavailable"},
        ),
    ],
)
async def test_health_names_the_service_that_is_away(checks, status, services):
    report = await Health(checks, lambda: NOW).report()
    assert (report["status"], report["services"]) == (status, services)
    assert "secret" not in str(report)


def out(until: datetime) -> Policy:
    return Policy(opt_out=OptOut("ann", "red-teaming", until))


async def test_health_names_the_models_that_nobody_checks_and_nothing_else_of_them():
    later = NOW + timedelta(days=1)
    policies = {"a": Policy(), "b": out(later), "c": out(NOW)}
    report = await Health({"policies": lambda: unchecked_models(policies, NOW)}, lambda: NOW).report()
    assert (report["status"], report["unchecked_models"]) == ("ok", {"b": later.isoformat()})
    assert "ann" not in str(report)
    assert unchecked_models({"a": Policy(), "c": out(NOW)}, NOW) == {}


async def test_health_keeps_its_answer_for_a_while():
    asked, times = [], iter([NOW, NOW + KEPT - timedelta(seconds=1), NOW + KEPT])
    health = Health({"a": lambda: asked.append(1)}, lambda: next(times))
    for _ in range(3):
        await health.report()
    assert len(asked) == 2
