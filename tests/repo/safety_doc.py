"""The tables in docs/safety.md from the code: `python -m tests.repo.safety_doc` writes them anew."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from shared.core import chat_answer, chat_message, chat_request, moderation, policy, questions
from shared.core.chat_request import DROPPED, FORWARDED, KNOWN, read_request
from shared.core.holdback import Pace
from shared.inference import breaker, checking, policies, verdict_cache
from shared.inference.patience import Patience
from tests.wire.behaviour_rows import MODEL_FAULTS, SAFETY_FAULTS

PAGE = Path("docs/safety.md")
TABLE = re.compile(r"(<!-- made: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
MARK = "what the extractor must find"
USER = {"role": "user", "content": "x"}
TOOL = {"type": "function", "function": {"name": MARK, "parameters": {MARK: [MARK]}}}
CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": MARK}}
TEXTUAL = {  # each field with a text in it, for those that can have one
    "stop": [MARK],
    "response_format": {"type": "json_schema", "json_schema": {"name": MARK}},
    "tools": [TOOL],
    "tool_choice": {"type": "function", "function": {"name": MARK}},
    "user": MARK,
}
MESSAGES: Mapping[str, Mapping[str, Any]] = {
    "content": {"role": "user", "content": [{"type": "text", "text": MARK}]},
    "name": {**USER, "name": MARK},
    "tool_calls": {"role": "assistant", "tool_calls": [CALL]},
    "tool_call_id": {"role": "tool", "tool_call_id": MARK, "content": "x"},
}


def row(*cells: object) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


def named(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def is_scanned(body: Mapping[str, Any]) -> bool:
    """Ask the extractor whether it finds the text in this request."""
    return any(MARK in text for part in read_request(body).parts for text in part.strings)


def fields() -> str:
    body = {"model": "m", "messages": [USER]}
    scanned = [name for name, value in TEXTUAL.items() if is_scanned({**body, name: value})]
    numbers = [name for name in FORWARDED if name not in TEXTUAL and name != "n"]
    parts = [name for name, message in MESSAGES.items() if is_scanned({**body, "messages": [message]})]
    ours = [*(name for name in KNOWN if name not in {*FORWARDED, *DROPPED, *scanned}), "n"]
    return "\n".join(
        [
            row("of a request", "what becomes of it"),
            "|---|---|",
            row(f"each message's {named(parts)}, whatever its role", "scanned, then sent to the model"),
            row(named(name for name in scanned if name in FORWARDED), "scanned, then sent to the model"),
            row(named(name for name in scanned if name not in FORWARDED), "scanned, not sent"),
            row(named(numbers), "numbers and switches: sent as they are"),
            row(named(ours), "read by TuneDrop"),
            row(named([*DROPPED, *(f"messages[].{name}" for name in sorted(chat_message.ECHOED))]), "dropped"),
            row("image, audio and file parts", "400 `unsupported_content`"),
            row("anything else", "400 `unknown_parameter`; dropped with the header `extra-parameters: drop`"),
            row("anything else in a message", "400 `unknown_parameter`"),
        ]
    )


def answers() -> str:
    return "\n".join(
        [
            row("of an answer, in each choice", "what becomes of it"),
            "|---|---|",
            row(named(chat_answer.TEXTS), "scanned, then sent to the client"),
            row("`tool_calls`: id, name and arguments", "scanned, then sent"),
            row(
                "`logprobs`: the tokens, also those that were not chosen", "scanned, then sent; `bytes` is emptied"
            ),
            row(f"`usage`: {named(chat_answer.COUNTS)}", "numbers: added up over all choices"),
            row("anything else, such as `system_fingerprint`", "dropped"),
        ]
    )


def limits() -> str:
    pace, patience = Pace(), Patience()
    rows = [
        ("characters that one analysis takes", f"{moderation.WINDOW:,}"),
        ("characters that it shares with the one before", moderation.OVERLAP),
        ("characters of a stream before its first check, and between later ones", f"{pace.first}, {pace.later:,}"),
        ("checked characters of a stream that wait for the next check", pace.margin),
        ("unchecked characters at which the model has to wait", f"{pace.most:,}"),
        ("shortest text that is compared with protected material", questions.SHORTEST_PROTECTED),
        ("time for one call to Content Safety, and with its retry", f"{patience.attempt} s, {patience.total} s"),
        ("failures in a row after which a service is left alone, and for how long", breaker_words()),
        ("calls to Content Safety that one prompt takes, and at a time", calls_words()),
        ("judgements that an instance remembers, and for how long", cache_words()),
        ("time until a changed policy holds", f"{policies.KEPT.seconds} s"),
        ("messages, choices, tools in a request", request_words()),
    ]
    return "\n".join([row("limit", "value"), "|---|---|", *(row(*each) for each in rows)])


def breaker_words() -> str:
    return f"{breaker.FAILURES}, {breaker.REST:g} s"


def calls_words() -> str:
    return f"{checking.MOST_ASKED:,}, {checking.AT_ONCE}"


def cache_words() -> str:
    return f"{verdict_cache.MOST:,}, {verdict_cache.KEPT / 60:g} min"


def request_words() -> str:
    return f"{chat_request.MAX_MESSAGES:,}, {chat_request.MAX_CHOICES}, {chat_request.MAX_TOOLS}"


def faults() -> str:
    away = row("Content Safety: " + ", ".join(SAFETY_FAULTS), "503", "`content_safety_unavailable`")
    model = [row(f"model: {name}", status, f"`{code}`") for name, (_, status, code) in MODEL_FAULTS.items()]
    return "\n".join([row("what fails", "status", "code"), "|---|---|---|", away, *model])


def policy_fields() -> str:
    meanings = {
        "prompt": f"from which severity ({policy.LOWEST}-{policy.HIGHEST}) on a category blocks on the way in",
        "completion": "the same on the way out",
        "blocklists": f"names of Content Safety's blocklists, {policy.MOST_BLOCKLISTS} at most, both ways",
        "shields": "whether Prompt Shields look at what users and tools say",
        "protected_material": "whether answers are compared with protected material",
        "ask_first": "whether the model waits until the prompt has passed",
        "opt_out": "nothing is checked: `owner`, `reason`, `until`",
    }
    defaults = policy.facts_of(policy.Policy())
    return "\n".join(
        [
            row("field", "meaning", "default"),
            "|---|---|---|",
            *(row(f"`{name}`", meanings[name], f"`{shown(default)}`") for name, default in defaults.items()),
        ]
    )


def shown(value: Any) -> str:
    return str(value).replace("'", '"').replace("True", "true").replace("False", "false").replace("None", "null")


TABLES = {
    "fields": fields,
    "answers": answers,
    "limits": limits,
    "faults": faults,
    "policy": policy_fields,
}


def filled(page: str) -> str:
    """Return the page with its tables made anew."""
    return TABLE.sub(lambda found: f"{found[1]}{TABLES[found[2]]()}\n{found[3]}", page)


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
