"""functions/openapi.json is valid, knows every route, and says of requests what the code accepts."""

import json
from pathlib import Path

import pytest
from openapi_spec_validator import validate

from functions.openai_http import LONGEST_BODY
from shared.core import chat_message, chat_request
from tests.function_table import FUNCTIONS

DESCRIPTION = json.loads(Path("functions/openapi.json").read_text(encoding="utf-8"))
SCHEMAS = DESCRIPTION["components"]["schemas"]
OPERATIONS = {
    operation["operationId"]: (method.upper(), path)
    for path, operations in DESCRIPTION["paths"].items()
    for method, operation in operations.items()
}


def test_it_is_valid():
    validate(DESCRIPTION)


def test_each_route_is_described_and_no_other():
    triggers = {name: bindings[0] for name, bindings in FUNCTIONS.items() if bindings[0]["type"] == "httpTrigger"}
    del triggers["unknown_route"]  # everything that there is not
    served = {name: (trigger["methods"][0], f"/{trigger['route']}") for name, trigger in triggers.items()}
    assert served == OPERATIONS


def test_requests_are_described_as_they_are_read():
    assert set(SCHEMAS["ChatRequest"]["properties"]) == set(chat_request.KNOWN)
    assert set(SCHEMAS["Message"]["properties"]) == chat_message.KNOWN | chat_message.ECHOED
    assert set(SCHEMAS["Message"]["properties"]["role"]["enum"]) == set(chat_message.ROLES)


@pytest.mark.parametrize(
    ("said", "held"),
    [
        (SCHEMAS["ChatRequest"]["properties"]["n"]["maximum"], chat_request.MAX_CHOICES),
        (SCHEMAS["ChatRequest"]["properties"]["messages"]["maxItems"], chat_request.MAX_MESSAGES),
        (SCHEMAS["ChatRequest"]["properties"]["stop"]["anyOf"][1]["maxItems"], chat_request.MAX_STOPS),
        (f"{LONGEST_BODY:,} bytes" in DESCRIPTION["components"]["responses"]["TooLarge"]["description"], True),
    ],
)
def test_bounds_are_described_as_they_hold(said, held):
    assert said == held
