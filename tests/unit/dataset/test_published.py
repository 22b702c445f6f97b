"""Chat files in the forms in which Microsoft and OpenAI publish them give no error."""

import codecs
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from shared.core.base_models import base_model
from shared.core.dataset.findings import Findings, Severity
from shared.core.dataset.reading import read
from shared.core.dataset.rules import RULES
from shared.core.dataset.second_pass import SeenExample, lines_of
from shared.core.dataset.tokens import estimate_for
from tests.unit.dataset.examples import check, say

TOOLS = replace(base_model("Phi-4"), tools=True, roles=("system", "user", "assistant", "tool", "function"))
WEATHER = {
    "type": "function",
    "function": {
        "name": "forecast",
        "description": "Tell how the weather will be.",
        "parameters": {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]},
    },
}


def call(number: int, place: str) -> dict[str, Any]:
    arguments = json.dumps({"place": place})
    return {"id": f"call_{number}", "type": "function", "function": {"name": "forecast", "arguments": arguments}}


def asked(number: int) -> dict[str, Any]:
    return say("user", f"Wie wird das Wetter am Ort {number}, „bitte“? 🌦")


SYSTEM, ANSWER = say("system", "You answer in short, and with a smile."), say("assistant", "Sunny,\nat last.")
FORMS: dict[str, Callable[[int], dict[str, Any]]] = {
    "system, user, assistant": lambda n: {"messages": [SYSTEM, asked(n), ANSWER]},
    "user, assistant": lambda n: {"messages": [asked(n), ANSWER]},
    "several turns": lambda n: {"messages": [SYSTEM, asked(n), ANSWER, say("user", "And then?"), ANSWER]},
    "weights": lambda n: {
        "messages": [SYSTEM, asked(n), ANSWER | {"weight": 0}, say("user", "Really?"), ANSWER | {"weight": 1}]
    },
    "names": lambda n: {"messages": [SYSTEM, asked(n) | {"name": "Ann"}, ANSWER]},
}
CALLING = say("assistant", None, tool_calls=[call(1, "Rome"), call(2, "Oslo")])
TOOL_FORMS: dict[str, dict[str, Any]] = {
    "a call that is to be learned": {
        "messages": [SYSTEM, asked(1), {"role": "assistant", "tool_calls": [call(1, "Rome")]}],
        "tools": [WEATHER],
        "parallel_tool_calls": False,
    },
    "two answers of tools in a row": {
        "messages": [
            asked(1),
            CALLING,
            say("tool", "21 °C", tool_call_id="call_1"),
            say("tool", "9 °C", tool_call_id="call_2"),
            ANSWER,
        ],
        "tools": [WEATHER],
    },
    "a function, as calls were written at first": {
        "messages": [
            SYSTEM,
            asked(1),
            say("assistant", None, function_call={"name": "forecast", "arguments": "{}"}),
            say("function", "21 °C", name="forecast"),
            ANSWER,
        ],
        "functions": [WEATHER["function"]],
    },
}
SPELLINGS: dict[str, Callable[[list[str]], bytes]] = {
    "as it is": lambda lines: "".join(f"{line}\n" for line in lines).encode(),
    "byte-order mark": lambda lines: codecs.BOM_UTF8 + "".join(f"{line}\n" for line in lines).encode(),
    "CRLF": lambda lines: "".join(f"{line}\r\n" for line in lines).encode(),
    "no last line end": lambda lines: "\n".join(lines).encode(),
    "all of these": lambda lines: codecs.BOM_UTF8 + "\r\n".join(lines).encode(),
    "indented": lambda lines: "".join(f"    {line}\n" for line in lines).encode(),
    "escapes": lambda lines: "".join(f"{json.dumps(json.loads(line))}\n" for line in lines).encode(),
    "no white space": lambda lines: "".join(
        f"{json.dumps(json.loads(line), separators=(',', ':'))}\n" for line in lines
    ).encode(),
}


def spelled(examples: list[dict[str, Any]], spelling: str) -> bytes:
    return SPELLINGS[spelling]([json.dumps(example, ensure_ascii=False) for example in examples])


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("form", FORMS)
def test_plain_chats_have_no_error_in_any_spelling(form, spelling):
    report = check(spelled([FORMS[form](number) for number in range(12)], spelling))
    assert report.accepted
    assert (report.dataset.examples, report.split.validation) == (12, 1)


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("form", TOOL_FORMS)
def test_tool_calls_have_no_error_where_the_base_model_is_tuned_with_tools(form, spelling):
    content = spelled([TOOL_FORMS[form]], spelling)
    findings = Findings(RULES, "support.jsonl")
    reading = read([content], TOOLS, findings)
    assert {finding.code for finding in findings.all()} <= {"F05", "F08"}
    [example] = lines_of([content], reading, "training", estimate_for(TOOLS).counted)
    assert isinstance(example, SeenExample)
    assert len(example.messages) == len(TOOL_FORMS[form]["messages"])


@pytest.mark.parametrize("form", TOOL_FORMS)
def test_tool_calls_are_errors_where_it_is_not(form):
    report = check(spelled([TOOL_FORMS[form], *(FORMS["names"](n) for n in range(12))], "as it is"))
    errors = {finding.code for finding in report.findings if finding.severity is Severity.ERROR}
    assert "R21" in errors
    assert errors <= {"R21", "R07"}
