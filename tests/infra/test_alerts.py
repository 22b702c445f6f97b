"""The alerts look for what the app really logs, and for functions that there are."""

import logging
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.errors import ServiceUnavailable
from tests.fakes_inference import FakeSafety
from tests.function_table import FUNCTIONS
from tests.infra.bicep import read, value_of
from tests.unit.inference.asking import Asking, asked
from tests.unit.world import World

FILE = read(Path(__file__).resolve().parents[2] / "infra/alerts.bicep")


def alerts() -> dict[str, dict[str, Any]]:
    declared = FILE.named("alerts")
    assert declared is not None
    assert declared.value is not None
    return {one["name"]: one for one in value_of(declared.value)}


def finds(alert: str, messages: list[str]) -> list[str]:
    """Return the lines that the alert's query finds in the traces."""
    query = alerts()[alert]["query"]
    if begins := re.search(r'message startswith "([^"]+)"', query):
        return [message for message in messages if message.startswith(begins[1])]
    pattern = re.search(r'message matches regex @"([^"]+)"', query)
    assert pattern, query
    return [message for message in messages if re.search(pattern[1], message)]


def test_a_failed_run_is_found_once_and_a_good_one_is_not(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    world = World()
    run_id = world.receive(world.drop())
    world.tick(8)
    assert finds("failed-run", caplog.messages) == []
    caplog.clear()
    world = World(answer=lambda: "it says nothing")
    run_id = world.receive(world.drop())
    world.tick(12)
    (line,) = finds("failed-run", caplog.messages)
    assert run_id in line


def test_an_endpoint_that_nobody_asks_is_found(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    world = World()
    run_id = world.receive(world.drop())
    world.tick(8)
    world.report_idle(days=1)
    assert finds("idle-endpoint", caplog.messages) == []
    world.now += timedelta(days=1)
    world.report_idle(days=1)
    (line,) = finds("idle-endpoint", caplog.messages)
    assert run_id in line


async def test_an_outage_of_content_safety_is_found(caplog: pytest.LogCaptureFixture):
    async def away() -> None:
        raise ServiceUnavailable("content safety", "500")

    outcome = await Asking(safety=FakeSafety(trouble=away)).whole(asked())
    assert outcome.status == 503
    assert finds("content-safety-outage", caplog.messages)


def test_what_happens_once_is_told_each_time_and_what_lasts_is_told_once():
    lasting = {name for name, alert in alerts().items() if alert["lasts"]}
    assert lasting == {"proxy-errors", "content-safety-outage", "timer-silent"}
    for name in alerts().keys() - lasting:  # no event is told twice, none is left out
        assert alerts()[name]["window"] == alerts()[name]["every"]
    assert "autoMitigate: alert.lasts" in FILE.path.read_text("utf-8")


@pytest.mark.parametrize("alert", [one for one in alerts().values() if "requests" in one["query"]])
def test_queries_name_functions_that_there_are(alert: dict[str, Any]):
    names = re.findall(r'name (==|startswith) "(\w+)"', alert["query"])
    assert names
    for how, name in names:
        assert any(function == name if how == "==" else function.startswith(name) for function in FUNCTIONS)


@pytest.mark.parametrize("alert", alerts().values(), ids=alerts())
def test_an_alert_looks_back_as_far_as_it_waits_at_least(alert: dict[str, Any]):
    minutes = {"PT5M": 5, "PT15M": 15, "P1D": 1440}
    assert minutes[alert["window"]] >= minutes[alert["every"]]
    assert alert["severity"] in range(4)
