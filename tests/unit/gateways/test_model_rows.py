"""Rows of the model table, as this version and earlier ones wrote them."""

from dataclasses import replace

from shared.gateways.model_table import _deployment_of, _row_of
from tests.unit.inference.asking import SERVED

BEFORE = replace(SERVED, run_id="r1", endpoint="td-r1")


def test_a_deployment_comes_back_from_its_row_with_what_served_before():
    both = replace(SERVED, previous=BEFORE)
    assert _deployment_of(_row_of(both)) == both


def test_a_row_of_an_earlier_version_is_read():
    row = {name: value for name, value in _row_of(SERVED).items() if name != "previous"}
    assert _deployment_of(row | {"previous_endpoint": ""}) == SERVED
