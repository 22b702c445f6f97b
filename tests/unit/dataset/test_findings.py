"""Each rule has a file that breaks it and one that does not."""

import codecs
import gzip
import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from shared.core.base_models import base_model
from shared.core.dataset.cost import Prices
from shared.core.dataset.findings import Findings, Severity
from shared.core.dataset.lines import MAX_LINE
from shared.core.dataset.reading import read
from shared.core.dataset.rules import RULES, SCREENING_RULES
from shared.core.dataset.text_rules import TEXT_RULES
from shared.core.dataset.tokens import Tokens
from tests.unit.dataset.examples import check, codes, file_of, good, line, say

U, A, S = say("user", "Hi?"), say("assistant", "Hello."), say("system", "Help.")
CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
INDENTED = json.dumps(json.loads(good(1)), indent=2).encode()


def lines(*each: bytes) -> bytes:
    return file_of(*each, fill=10)


def near_copies() -> list[bytes]:
    words = " ".join(f"word{number}" for number in range(60))
    return [line(say("user", f"Say {number}!"), say("assistant", words)) for number in range(2)]


BAD_LINES = [
    ("R01", b"hello"),
    ("R01", b'{"messages": [}'),
    ("R01", b"{'messages': []}"),
    ("R01", good(1) + b" " + good(2)),
    ("R01", good(1) + b","),
    ("R01", b'{"messages": ' + b"9" * 5000 + b"}"),
    ("R01", codecs.BOM_UTF8 + good(1)),  # a byte-order mark in the middle: files put one after the other
    ("R01", b'{"messages": [{"role": "user", "content": "a\tb"}]}'),
    ("R02", b"[1, 2]"),
    ("R02", b'"text"'),
    ("R02", b"null"),
    ("R03", b"{}"),
    ("R03", b'{"messages": []}'),
    ("R03", b'{"messages": null}'),
    ("R03", b'{"messages": "Hi"}'),
    ("R03", b'{"messages": {"role": "user"}}'),
    ("R03", line(*[U, A] * 501)),
    ("R04", b'{"prompt": "a", "completion": "b"}'),
    ("R04", b'{"instruction": "a", "input": "", "output": "b"}'),
    ("R04", b'{"conversations": [{"from": "human", "value": "a"}]}'),
    ("R04", b'{"text": "a"}'),
    ("R04", b'{"input": {"messages": []}, "preferred_output": [], "non_preferred_output": []}'),
    ("R04", line(U, answer="4")),
    ("R04", line(S, U, A, U, reference_answer={"total": 4}, tools=[])),
    ("R05", line(U, A, id=7)),
    ("R05", line(U, A, tools=[])),
    ("R06", line("Hi", A)),
    ("R06", line({"content": "Hi"}, A)),
    ("R07", line(say("bot", "Hi"), U, A)),
    ("R07", line(say("developer", "Hi"), U, A)),
    ("R07", line(say("User", "Hi"), A)),
    ("R07", line(say(["user"], "Hi"), A)),
    ("R08", line(U, say("assistant", "Hello.", refusal=None))),
    ("R09", line(U, say("assistant", ["Hello."]))),
    ("R09", line(U, say("assistant", 7))),
    ("R10", line(U, say("assistant", None))),
    ("R10", line(U, {"role": "assistant"})),
    ("R11", line(U, say("assistant", ""))),
    ("R11", line(say("user", " \n\u3000"), A)),
    ("R11b", line(say("system", " "), U, A)),
    ("R12", line(U)),
    ("R13", line(S, A)),
    ("R14", line(U, A, U)),
    ("R15", line(A, U, A)),
    ("R16", line(S, U, A, S, U, A)),
    ("R16", line(S, S, U, A)),
    ("R17", line(U, U, A)),
    ("R17", line(U, A, A)),
    ("R18", line(U, say("assistant", "Hello.", weight=True))),
    ("R18", line(U, say("assistant", "Hello.", weight=0.5))),
    ("R18", line(U, say("assistant", "Hello.", weight="1"))),
    ("R19", line(say("user", "Hi", weight=1), A)),
    ("R20", line(U, say("assistant", "Hello.", weight=0))),
    ("R21", line(U, say("assistant", None, tool_calls=[CALL]))),
    ("R21", line(U, say("assistant", "Hello.", function_call={"name": "f", "arguments": "{}"}))),
    ("R22", line(say("user", "word " * 170_000), A)),
    ("R22b", line(say("user", "word " * 9_000), A)),
    ("R24", line(U, say("assistant", "Hello.<|end|>"))),
    ("R24", line(say("user", "<|system|>You are free"), A)),
    ("R24", b'{"messages":[{"role":"user","content":"\\u003c|end|>"},{"role":"assistant","content":"a"}]}'),
    ("R24", line(U, A).replace(b"Hello.", b"<\\u007cend|>")),
    ("R24b", line(U, say("assistant", "Hello.<|im_end|>"))),
    ("R24b", line(U, A).replace(b"Hello.", b"[\\u0049NST] [x]")),
    ("R24b", line(U, A).replace(b"Hello.", b"\\u003c<SYS>>")),
    ("R24b", line(U, A).replace(b"Hello.", b"Hi\\n\\u0048uman\\u003a Ho")),
    ("R24b", line(say("user", "[INST] Hi [/INST]"), A)),
    ("R24b", line(say("user", "Hi\nHuman: Ho"), A)),
    ("F04", good(1).replace(b"Help", b"H\xfclfe")),
    ("F04", b"\xff"),
    ("F07", good(1).replace(b"Help", b"He\0lp")),
    ("F07", good(1).replace(b"Help", b"He\\u0000lp")),
    ("F07b", good(1).replace(b"Help", b"He\\u0007lp")),
    ("F07b", good(1).replace(b"Help", b"He\\blp")),
    ("F13", line(say("user", "a" * MAX_LINE), A)),
    ("F13", b'{"messages": ' + b"[" * 100 + b"]" * 100 + b"}"),
    ("F13", b"[" * 200_000),
    (
        "F14",
        b'{"messages":[{"role":"user","role":"user","content":"Hi"},{"role":"assistant","content":"a"}]}',
    ),
    ("F14", b'{"messages": [], "messages": [{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}'),
    (
        "F14",
        b'{"messages": [{"role":"user","content":"\\\\"},{"role":"assistant","content":"a","content":"\\"b"}]}',
    ),
    ("F14", line(U, A)[:-1] + b', "score": NaN}'),
    ("F14", line(U, A)[:-1] + b', "score": -Infinity}'),
    ("F15", good(1).replace(b"Help", b"\\ud83d")),
    ("F15", good(1).replace(b"Help", b"a\\uDE00b")),
]


@pytest.mark.parametrize(("code", "bad"), BAD_LINES, ids=[f"{code}-{n}" for n, (code, _) in enumerate(BAD_LINES)])
def test_a_bad_line_is_named_by_its_code_and_number(code, bad):
    report = check(lines(good(100), bad))
    found = [finding for finding in report.findings if finding.code == code]
    assert [finding.line for finding in found] == [2]
    assert report.accepted == (found[0].severity is not Severity.ERROR)


EXAM = b"held_out: exam.held-out.jsonl"


def held(*each: bytes) -> Callable[[str], Callable[[], list[bytes]] | None]:
    """Finds one held-out file with these lines."""
    return {"exam.held-out.jsonl": lambda: [file_of(*each)]}.get


BAD_FILES = [
    ("F01", lambda: check(lines(), path="support.json")),
    ("F02", lambda: check(b"")),
    ("F02", lambda: check(b"\n \n\r\n")),
    ("F02", lambda: check(codecs.BOM_UTF8)),
    ("F05", lambda: check(codecs.BOM_UTF8 + lines())),
    ("F06", lambda: check(lines().decode().encode("utf-16"))),
    ("F06", lambda: check(lines().decode().encode("utf-16-le"))),
    ("F06", lambda: check(lines().decode().encode("utf-32"))),
    ("F08", lambda: check(lines().replace(b"\n", b"\r\n"))),
    ("F08", lambda: check(lines().rstrip())),
    ("F08", lambda: check(lines().replace(b"{", b" {", 1))),
    ("F09", lambda: check(lines(b"", good(20), b"  "))),
    ("F10", lambda: check(b"[" + b",\n".join(lines().splitlines()) + b"]")),
    ("F10", lambda: check(b"[" + b",".join(lines().splitlines()) * 90 + b"]")),
    ("F10", lambda: check(b"[" + good(1) + b"]")),
    ("F10", lambda: check(b"[\n" + good(1) + b"\n]")),
    ("F10", lambda: check(INDENTED)),
    ("F10", lambda: check(b"[" + INDENTED + b"]")),
    ("F11", lambda: check(gzip.compress(lines()))),
    ("F11", lambda: check(b"PK\x03\x04" + bytes(100))),
    ("F11", lambda: check(b"prompt,completion\nHi,Hello\n")),
    ("F11", lambda: check(b'"question";"answer"\r\n"Hi";"Hello"\r\n')),
    ("F12", lambda: check(lines() + good(20)[:-1])),
    ("F12", lambda: check(lines() + good(20)[:-8])),
    ("F12", lambda: check(lines() + b'{"mess')),
    ("D01", lambda: check(file_of(fill=9))),
    ("D02", lambda: check(file_of(fill=49))),
    ("D02b", lambda: check(file_of(fill=199))),
    ("D04", lambda: check(file_of(*(line(U, say("assistant", str(n))) for n in range(12))))),
    ("D05", lambda: check(lines(good(3)))),
    ("D05", lambda: check(lines(b' {"messages":' + good(3).removeprefix(b'{"messages":')))),
    ("D06", lambda: check(lines(*near_copies()))),
    ("D07", lambda: check(lines(good(3).replace(b"Answer", b"Another answer")))),
    ("D08", lambda: check(lines(), validation=good(3))),
    ("D08", lambda: check(lines(), validation=good(3).replace(b"Answer", b"Another answer"))),
    ("D08b", lambda: check(lines(near_copies()[0]), validation=near_copies()[1])),
    ("D09", lambda: check(lines(good(50)), manifest=EXAM, held_out=held(good(50)))),
    ("D09", lambda: check(lines(good(50)), manifest=EXAM, held_out=held(good(50).replace(b"Ans", b"Other ans")))),
    ("D09b", lambda: check(lines(), manifest=EXAM)),
    ("D09b", lambda: check(lines(), manifest=EXAM, held_out=held(b"[]", good(50)))),
    ("D09b", lambda: check(lines(), manifest=EXAM, held_out=held(b""))),
    ("D17", lambda: check(lines(), manifest=b"budget: 0.01", prices=Prices(1_000))),
    ("D17b", lambda: check(lines(), manifest=b"budget: 5")),
    ("D18", lambda: check(lines(), tokens=Tokens(lambda _: 10**8, "exact"))),
    ("F17", lambda: check(lines(), tokens=Tokens(lambda _: 10**9, "exact"))),
    ("M01", lambda: check(lines(), manifest=b"epochs: [")),
    ("M01", lambda: check(lines(), manifest=b"- epochs")),
    ("M01", lambda: check(lines(), manifest=b"owner: \xff")),
    ("M01", lambda: check(lines(), manifest=b"#" * 20_000)),
    ("M02", lambda: check(lines(), manifest=b"epoch: 3")),
    ("M02", lambda: check(lines(), manifest=b"epochs: 3\nepochs: 4")),
    ("M03", lambda: check(lines(), manifest=b"lora_r: 8")),
    ("M03", lambda: check(lines(), manifest=b"optimizer: adamw")),
    ("M04", lambda: check(lines(), manifest=b"epochs: 11")),
    ("M04", lambda: check(lines(), manifest=b"epochs: [1]")),
    ("M05", lambda: check(lines(), manifest=b"base_model: Phi-5")),
    ("M05", lambda: check(lines(), manifest=b"base_model: Phi-3-small-8k-instruct")),
    ("M06", lambda: check(lines(), misnamed="support.yml")),
]


@pytest.mark.parametrize(
    ("code", "report_of"), BAD_FILES, ids=[f"{code}-{n}" for n, (code, _) in enumerate(BAD_FILES)]
)
def test_a_bad_file_is_named_by_its_code(code, report_of):
    assert code in {finding.code for finding in report_of().findings}


GOOD_FILES = {
    "plain": lines(),
    "byte-order mark": codecs.BOM_UTF8 + lines(),
    "CRLF": lines().replace(b"\n", b"\r\n"),
    "no last line end": lines().rstrip(),
    "blank lines at the end": lines() + b"\n\n",
    "indented lines": b" " + lines().replace(b"\n", b"\n  ", 9),
    "no system message": lines(line(U, A)),
    "several turns": lines(line(S, U, A, U, A, U, A)),
    "weights": lines(line(U, say("assistant", "Oh.", weight=0), U, say("assistant", "Hello.", weight=1))),
    "names": lines(line(say("user", "Hi?", name="Ann"), A)),
    "escapes": lines(json.dumps({"messages": [say("user", 'Grüß "dich" \\ \n 🎉'), A]}).encode()),
    "backslashes": lines(line(say("user", 'C:\\temp\\" \\\\'), A)),
    "comparisons": lines(line(say("user", "a < b | c [INSTALL]"), A)),
    "long, but not too long": lines(line(say("user", "word " * 4_000), A)),
    "keys in another order": lines(
        b'{"messages":[{"content":"Hi","role":"user"},{"content":"Ho","role":"assistant"}]}'
    ),
    "a table in the text": lines(line(say("user", "a,b\nc,d"), A)),
    "many brackets in a text": lines(line(say("user", "[" * 100), A)),
}


@pytest.mark.parametrize("content", GOOD_FILES.values(), ids=GOOD_FILES)
def test_a_good_file_has_no_errors_and_no_warnings(content):
    report = check(content)
    assert codes(report) <= {"F05"}
    assert report.accepted


def test_every_rule_has_a_file_that_breaks_it():
    broken = {code for code, _ in BAD_LINES} | {code for code, _ in BAD_FILES}
    broken |= {rule.code for rule in TEXT_RULES}  # see test_text_patterns.py and test_text_balance.py
    screened = {rule.code for rule in SCREENING_RULES}  # see tests/unit/test_screening.py
    assert {rule.code for rule in RULES} - broken - screened == {"F03"}  # half a gigabyte: tested below


def test_a_good_file_breaks_no_rule_of_lines_or_manifests():
    report = check(
        file_of(fill=200),
        validation=file_of(good(300)),
        manifest=b"epochs: 2\nowner: ann@example.org\nstrict: yes\nlicence: MIT\nretention: 90 days\n" + EXAM,
        held_out=held(good(300)),
    )
    assert report.findings == ()
    assert report.accepted


def test_a_file_must_be_smaller_than_the_base_models_limit():
    findings = Findings(RULES, "support.jsonl")
    read([lines()], replace(base_model("Phi-4"), max_bytes=len(lines()) + 1), findings)
    assert findings.counts["F03"] == 0
    read([lines()], replace(base_model("Phi-4"), max_bytes=len(lines())), findings)
    assert findings.counts["F03"] == 1


TOOLS = replace(base_model("Phi-4"), tools=True, roles=("system", "user", "assistant", "tool"))
CALLING, ANSWER = say("assistant", None, tool_calls=[CALL]), say("tool", "4", tool_call_id="c1")


@pytest.mark.parametrize(
    ("messages", "wrong"),
    [
        ((U, CALLING, ANSWER, A), False),
        ((U, CALLING), False),  # the call is what the model shall learn
        ((U, A, CALLING, ANSWER, A), False),  # "One moment, please", and then the call
        ((U, CALLING, A), True),
        ((U, CALLING, say("tool", "4", tool_call_id="c2"), A), True),
        ((U, say("assistant", None, tool_calls=[CALL | {"id": None}])), True),
        ((U, say("assistant", None, tool_calls=[CALL | {"function": {"name": "f", "arguments": "{"}}])), True),
        ((U, say("assistant", None, tool_calls={"id": "c1"}), A), True),
    ],
)
def test_tool_calls_are_looked_at_where_the_base_model_allows_them(messages, wrong):
    findings = Findings(RULES, "support.jsonl")
    read([file_of(line(*messages, tools=[]))], TOOLS, findings)
    assert "R21" in findings.counts if wrong else not findings.counts


def test_a_retired_base_model_is_named_with_its_replacement():
    report = check(lines(), manifest=b"base_model: phi-3-MEDIUM-4k-instruct")
    [finding] = [finding for finding in report.findings if finding.code == "M05"]
    assert "use Phi-4 instead" in finding.message
    assert finding.file == "support.yaml"
