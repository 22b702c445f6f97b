"""docs/azure.md names the base models of each route, and no setting of the managed route is left out."""

import re
from datetime import date
from pathlib import Path

import pytest

from shared.core.base_models import Route, base_models, refusal
from shared.settings import OPTIONAL

PAGE = Path("docs/azure.md").read_text(encoding="utf-8")
TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(("column", "route"), [(1, Route.SERVERLESS), (2, Route.MANAGED)])
def test_the_table_of_routes_has_the_base_models_that_can_be_trained(column: int, route: Route):
    (row,) = re.findall(r"^\| base models \|.*$", PAGE, re.MULTILINE)
    named = re.findall(r"`([^`]+)`", row.strip("|").split("|")[column])
    fit = [one.name for one in base_models().values() if one.route is route and not refusal(one, TODAY)]
    assert named == fit


@pytest.mark.parametrize(
    "field",
    [field for field in OPTIONAL if re.match(r"training_(?!price|datastore)|hosting_(?!price)|gpu_", field)],
)
def test_each_setting_of_the_managed_route_is_told_of(field: str):
    variable, _default = OPTIONAL[field]
    section = PAGE.split("## On GPUs")[1].split("## Networking")[0]
    assert re.search(rf"\b{variable}\b", section)
