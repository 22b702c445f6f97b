"""The behaviour table: each hole that other gateways have, each fault on each side of each call."""

from collections.abc import Callable, Mapping
from typing import Any

from starlette.responses import Response

from shared.inference.patience import Patience
from tests.fakes_inference import ATTACK, BAD, LISTED, LYRICS, deltas, message
from tests.unit.inference.asking import asked
from tests.unit.inference.probes import ANSWERS, CALL, GOOD, PROMPTS, STREAMS, talk
from tests.wire.behaviour import Row
from tests.wire.fake_azure import CUT, HANG, RAW, Fault, cut_off, events, reply

SOON = Patience(attempt=0.05, total=0.2)
LATER = Patience(attempt=0.6, total=0.9)  # long enough for the checks that do answer, however busy the machine
SONG = f"{LYRICS} " + "la " * 60
OUR_ERROR = {"error": {"code": "x", "message": RAW}}
IMAGE = {"type": "image_url", "image_url": {"url": "https://localhost/x.png"}}
ANALYSES = [{"category": name, "severity": 0} for name in ("Hate", "SelfHarm", "Sexual", "Violence")]

Faults = Mapping[str, Callable[[], Response]]
SAFETY_FAULTS: Faults = {
    "500": lambda: reply(OUR_ERROR, 500),
    "503": lambda: reply(RAW.encode(), 503),
    "429": lambda: reply({"error": {"code": "429", "message": RAW}}, 429),
    "429, in a second": lambda: reply({"error": {"code": "TooManyRequests"}}, 429, retry_after="1"),
    "429, in 15 days": lambda: reply({"error": {"code": "429", "message": RAW}}, 429, retry_after="1296000"),
    "401": lambda: reply({"error": {"code": "401", "message": RAW}}, 401),
    "403, out of quota": lambda: reply({"error": {"code": "403", "message": RAW}}, 403, retry_after="1296000"),
    "400": lambda: reply({"error": {"code": "InvalidRequestBody", "message": RAW}}, 400),
    "404": lambda: reply({"error": {"code": "ResourceNotFound", "message": RAW}}, 404),
    "a redirect": lambda: reply(b"", 302, location="https://localhost/elsewhere"),
    "no JSON": lambda: reply(b"<html>" + RAW.encode()),
    "no UTF-8": lambda: reply(b'{"\xff": ""}'),
    "nested too deep": lambda: reply(b'{"x":' + b"[" * 100_000),
    "an empty object": lambda: reply({}),
    "cut": cut_off,
    "silence": lambda: events(HANG),
}
HALF_ANALYSES: Faults = {
    "no categories": lambda: reply({"categoriesAnalysis": []}),
    "three categories": lambda: reply({"categoriesAnalysis": ANALYSES[:3]}),
    "no severity": lambda: reply({"categoriesAnalysis": [{**each, "severity": None} for each in ANALYSES]}),
    "a severity of 9": lambda: reply({"categoriesAnalysis": [{**each, "severity": 9} for each in ANALYSES]}),
}
LATER_CALL = {"index": None, "id": None, "function": {"name": None, "arguments": "{}"}}
NULLS: list[Any] = [
    {"choices": [{"index": None, "delta": {"tool_calls": [{**CALL, "index": 0}]}, "logprobs": None}]},
    {"choices": [{"index": 0, "delta": {"content": None, "tool_calls": [LATER_CALL]}}]},
    {"choices": None, "usage": None},
]
FLAT = {"status": 400, "code": "content_filter", "message": RAW, "param": "messages", "type": None}
NESTED = {"error": {"message": RAW, "type": None, "param": "prompt", "code": "content_filter", "status": 400}}
UNSUPPORTED = {"status": 422, "code": "parameter_not_supported", "detail": {"loc": ["body", "stop"], "input": RAW}}
MODEL_FAULTS: Mapping[str, tuple[Callable[[], Response], int, str]] = {
    "500": (lambda: reply(OUR_ERROR, 500), 502, "model_unavailable"),
    "504": (lambda: reply(RAW.encode(), 504), 504, "model_timeout"),
    "429": (lambda: reply({"error": RAW}, 429, retry_after="7"), 429, "rate_limit_exceeded"),
    "401 twice": (lambda: reply({"error": RAW, "status": 401}, 401), 502, "model_unavailable"),
    "404": (lambda: reply({"error": RAW}, 404), 502, "model_unavailable"),
    "its own filter, nested": (lambda: reply(NESTED, 400), 400, "content_filter"),
    "its own filter, flat": (lambda: reply(FLAT, 400), 400, "content_filter"),
    "422, an object": (lambda: reply(UNSUPPORTED, 422), 400, "parameter_not_supported"),
    "422, a list": (
        lambda: reply({**UNSUPPORTED, "detail": [UNSUPPORTED["detail"]]}, 422),
        400,
        "parameter_not_supported",
    ),
    "400 with words": (lambda: reply({"error": {"code": RAW, "param": RAW}}, 400), 400, "model_refused"),
    "422 with words": (
        lambda: reply({"status": 422, "code": RAW, "detail": {"loc": ["body", RAW]}}, 422),
        400,
        "model_refused",
    ),
    "a redirect": (lambda: reply(b"", 307, location="https://localhost/x"), 502, "model_unavailable"),
    "no JSON": (lambda: reply(b"data: {\n\n"), 502, "model_unavailable"),
    "no UTF-8": (lambda: reply(b'data: {"\xff": ""}\n\n'), 502, "model_unavailable"),
    "nested too deep": (lambda: reply(b'data: {"x":' + b"[" * 100_000 + b"\n\n"), 502, "model_unavailable"),
    "no choices": (lambda: reply(b'data: {"choices": 5}\n\n'), 502, "model_unavailable"),
    "cut": (cut_off, 502, "model_unavailable"),
    "silence": (lambda: events(HANG), 504, "model_timeout"),
}


def prompts() -> Mapping[str, Row]:
    """A harmful word or an attack in every place of a request."""
    rows = {name: Row(body, status=400, code="content_filter") for name, body in PROMPTS.items()}
    listed = {"blocklists": ["ours"]}
    rows["on a blocklist"] = Row(asked(LISTED), policy=listed, status=400, code="content_filter")
    rows["strict, model not asked"] = Row(
        asked(BAD), policy={"ask_first": True}, status=400, code="content_filter", asks_model=False
    )
    rows["several choices"] = Row(asked(BAD, n=3), status=400, code="content_filter")
    for name, says in {"the user's": "WORD now", "nothing after": ""}.items():
        system = {"role": "system", "content": "BAD" if says else BAD}
        rows[f"system text that is folded into {name}"] = Row(
            talk({**GOOD, "content": says}, {"role": "assistant", "content": "."}, system),
            base_model="Phi-3-medium-4k-instruct",
            status=400,
            code="content_filter",
        )
    rows["an attack in system text that becomes the user's"] = Row(
        talk({"role": "system", "content": ATTACK}, GOOD),
        base_model="Phi-3-medium-4k-instruct",
        status=400,
        code="content_filter",
    )
    rows["a model that does not answer"] = Row(
        asked(BAD), faults=(Fault("model", lambda: events(HANG)),), status=400, code="content_filter"
    )
    return {f"prompt: {name}": row for name, row in rows.items()}


def refusals() -> Mapping[str, Row]:
    """What cannot be scanned or served is refused, not skipped."""

    def refused(body: Any, code: str, status: int = 400, **more: Any) -> Row:
        return Row(body, status=status, code=code, asks_model=False, **more)

    tools = [{"type": "function", "function": {"name": "look"}}]
    rows = {
        "an image": refused(asked([{"type": "text", "text": "x"}, IMAGE]), "unsupported_content"),
        "audio": refused(asked([{"type": "input_audio", "input_audio": {"data": BAD}}]), "unsupported_content"),
        "a file": refused(asked([{"type": "file", "file": {"file_data": BAD}}]), "unsupported_content"),
        "no messages": refused({"model": "support", "messages": []}, "invalid_value"),
        "a message without content": refused(talk({"role": "user"}), "invalid_value"),
        "an unknown field": refused(asked(instructions=BAD), "unknown_parameter"),
        "an unknown field of a message": refused(talk({**GOOD, "thoughts": BAD}), "unknown_parameter"),
        "a seed of 4,300 digits": refused(asked(n=2, seed=10**4_299), "invalid_value"),
        "too many choices": refused(asked(n=9), "invalid_value"),
        "too many messages": refused(talk(*[GOOD] * 1_001), "invalid_value"),
        "too many texts to check": refused(
            talk(*({"role": "user", "content": f"Question {n}?"} for n in range(1_000))),
            "too_many_texts",
            policy={"ask_first": True},
        ),
        "too much": refused(asked("x" * 1_000_001), "request_too_large", 413),
        "another route": refused({"prompt": BAD}, "unknown_url", 404, path="/v1/completions"),
        "another model": refused({**asked(BAD), "model": "nobody"}, "model_not_found", 404),
        "tools where there are none": refused(
            asked(tools=tools), "unsupported_parameter", base_model="Phi-3.5-mini-instruct"
        ),
        "a tool's turn where there are none": refused(
            talk(GOOD, {"role": "assistant", "tool_calls": [CALL]}),
            "unsupported_parameter",
            base_model="Phi-3-mini-4k-instruct",
        ),
    }
    return {f"refused: {name}": row for name, row in rows.items()}


def served() -> Mapping[str, Row]:
    """What passes, passes whole, and was scanned."""
    long = "A long and harmless text about plants. " * 700
    rows = {
        "a greeting": Row(asks_model=True),
        "azure's route": Row(path="/chat/completions?api-version=2024-05-01-preview", asks_model=True),
        "parts, tools and parameters": Row(
            talk(
                {"role": "system", "content": "Be kind."},
                {
                    "role": "user",
                    "name": "ann",
                    "content": [{"type": "text", "text": part} for part in ("a", "b")],
                },
                {"role": "assistant", "tool_calls": [CALL]},
                {"role": "tool", "tool_call_id": "c1", "content": "Found."},
                tools=[{"type": "function", "function": {"name": "look", "description": "Looks."}}],
                stop=["the end"],
                response_format={"type": "json_object"},
            ),
            asks_model=True,
        ),
        "a long prompt": Row(asked(long), asks_model=True),
        "a long answer": Row(choices=[message(long)], chunks=deltas(*long.split(" ")), asks_model=True),
        "several choices": Row(
            asked(n=3),
            choices=[message("one")],
            chunks=deltas("one"),
            finish=("stop", "stop", "stop"),
            asks_model=True,
        ),
        "a system message that is folded": Row(
            talk({"role": "system", "content": "Be kind."}, GOOD),
            base_model="Phi-3-medium-4k-instruct",
            asks_model=True,
        ),
        "nulls for what is not there": Row(chunks=[*NULLS, *deltas("Hello.")], asks_model=True),
        "no shields": Row(asked("hi"), policy={"shields": False}, asks_model=True),
        "strict": Row(policy={"ask_first": True}, asks_model=True),
    }
    return {f"served: {name}": row for name, row in rows.items()}


def answers() -> Mapping[str, Row]:
    """A harmful word in every place of a whole answer; of several choices only the harmful one is emptied."""
    rows = {
        name: Row(
            asked(n=len(choices)),
            each=[[choice] for choice in choices],
            finish=("stop",) * (len(choices) - 1) + ("content_filter",),
        )
        for name, choices in ANSWERS.items()
    }
    rows["blocklist"] = Row(choices=[message(LISTED)], policy={"blocklists": ["ours"]}, finish=("content_filter",))
    rows["somebody else's"] = Row(
        choices=[message(SONG)], policy={"protected_material": True}, finish=("content_filter",)
    )
    return {f"answer: {name}": row for name, row in rows.items()}


def streams() -> Mapping[str, Row]:
    """A harmful word in every place of a stream, however it is cut."""
    rows = {name: Row(chunks=chunks, finish=("content_filter",)) for name, chunks in STREAMS.items()}
    rows["the second of two choices"] = Row(
        asked(n=2), each=[deltas("All ", "is well."), deltas("a ", BAD)], finish=("stop", "content_filter")
    )
    rows["blocklist"] = Row(chunks=deltas(LISTED), policy={"blocklists": ["ours"]}, finish=("content_filter",))
    rows["somebody else's"] = Row(
        chunks=deltas("SOMEBODYS ", "SONG ", *["la "] * 60),
        policy={"protected_material": True},
        finish=("content_filter",),
    )
    for name, end in {
        "cut": [CUT],
        "ends early": [],
        "an error event": [{"error": {"message": RAW}}],
        "no JSON": [b"data: {\n\n"],
        "an unasked choice": [{"choices": [{"index": 5, "delta": {"content": BAD}}]}],
        "no text": [{"choices": [{"index": 0, "delta": {"content": 5}}]}],
    }.items():
        rows[f"breaks: {name}"] = Row(
            chunks=[*deltas("Hello", finish=None), *end], finish=(), cut=True, code="model_unavailable"
        )
    rows["breaks: silence"] = Row(
        chunks=[*deltas("Hello", finish=None), HANG], silence=0.1, finish=(), cut=True, code="model_timeout"
    )
    rows["breaks: its own filter"] = Row(
        chunks=[*deltas("Hello", finish=None), NESTED], finish=(), cut=True, code="content_filter"
    )
    return {f"stream: {name}": row for name, row in rows.items()}


def faults() -> Mapping[str, Row]:
    """Each fault of each service while the prompt is checked, or while the model is asked."""
    rows = {}
    for operation in ("analyze", "shield"):
        for name, answer in {**SAFETY_FAULTS, **(HALF_ANALYSES if operation == "analyze" else {})}.items():
            rows[f"{operation}: {name}"] = Row(
                faults=(Fault(operation, answer),), patience=SOON, status=503, code="content_safety_unavailable"
            )
    for name, (answer, status, code) in MODEL_FAULTS.items():
        rows[f"model: {name}"] = Row(faults=(Fault("model", answer),), silence=0.1, status=status, code=code)
    for name in ("500", "401", "no JSON", "cut"):
        rows[f"keys: {name}"] = Row(
            faults=(Fault("keys", SAFETY_FAULTS[name]),), status=502, code="model_unavailable"
        )
    rows["model: one of several"] = Row(
        asked(n=3), faults=(Fault("model", lambda: reply({}, 500), 2),), status=502, code="model_unavailable"
    )
    return {f"fault: {name}": row for name, row in rows.items()}


def late_faults() -> Mapping[str, Row]:
    """Each fault of Content Safety while the answer is checked: a 503, or a stream that is cut."""
    rows = {
        name: Row(faults=(Fault("analyze", answer, 2),), patience=LATER, code="content_safety_unavailable")
        for name, answer in {**SAFETY_FAULTS, **HALF_ANALYSES}.items()
    }
    rows["protected material: 500"] = Row(
        choices=[message(SONG)],
        chunks=deltas(SONG),
        policy={"protected_material": True},
        faults=(Fault("protected", SAFETY_FAULTS["500"]),),
        patience=LATER,
        code="content_safety_unavailable",
    )
    return {f"late fault: {name}": row for name, row in rows.items()}
