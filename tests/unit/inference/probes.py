"""Every hole through which other gateways let text pass: prompts, answers and streams with a bad word in them."""

from tests.fakes_inference import ATTACK, BAD, deltas, message
from tests.unit.inference.asking import asked

GOOD = {"role": "user", "content": "Hello?"}
CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
ESCAPED = "".join(f"\\u{ord(letter):04x}" for letter in BAD)


def tool(**function):
    return {"type": "function", "function": {"name": "look", "parameters": {}, **function}}


def talk(*messages, **more):
    return {"model": "support", "messages": list(messages), **more}


PROMPTS = {
    "last user message": asked(f"a {BAD}"),
    "text part": asked([{"type": "text", "text": BAD}]),
    "system": talk({"role": "system", "content": BAD}, GOOD),
    "developer": talk({"role": "developer", "content": BAD}, GOOD),
    "earlier user turn": talk({"role": "user", "content": BAD}, {"role": "assistant", "content": "No."}, GOOD),
    "assistant turn": talk(GOOD, {"role": "assistant", "content": BAD}, GOOD),
    "before an assistant's prefill": talk(
        {"role": "user", "content": BAD}, {"role": "assistant", "content": "So"}
    ),
    "in an assistant's prefill": talk(GOOD, {"role": "assistant", "content": BAD}),
    "tool result": talk(GOOD, {"role": "tool", "tool_call_id": "c1", "content": BAD}),
    "tool call id": talk(GOOD, {"role": "tool", "tool_call_id": BAD, "content": "x"}),
    "name": talk({**GOOD, "name": BAD}),
    "tool arguments": talk(
        GOOD,
        {"role": "assistant", "tool_calls": [{**CALL, "function": {"name": "look", "arguments": f'["{BAD}"]'}}]},
        GOOD,
    ),
    "tool arguments, escaped": talk(
        GOOD,
        {"role": "assistant", "tool_calls": [{**CALL, "function": {"name": "look", "arguments": ESCAPED}}]},
        GOOD,
    ),
    "tool description": asked(tools=[tool(description=BAD)]),
    "tool schema's keys": asked(tools=[tool(parameters={"properties": {BAD: {"type": "string"}}})]),
    "response_format": asked(response_format={"type": "json_schema", "json_schema": {"name": BAD}}),
    "stop": asked(stop=["x", BAD]),
    "user": asked(user=BAD),
    "tool_choice": asked(tool_choice={"type": "function", "function": {"name": BAD}}),
    "after 10,000 characters": asked("x " * 5_100 + BAD),
    "across the cut at 10,000": asked("x" * 9_996 + BAD + "x" * 50),
    "across later cuts": asked("x" * (9_744 + 9_996) + BAD + "x" * 50),
    "split over parts": asked([{"type": "text", "text": "BAD"}, {"type": "text", "text": "WORD"}]),
    "split over messages": talk({"role": "user", "content": "BAD"}, {"role": "user", "content": "WORD"}),
    "zero-width": asked("BAD\u200bWORD"),
    "bidi": asked("BAD\u202e\u202cWORD"),
    "tag characters": asked("BAD\U000e0041WORD"),
    "soft hyphen": asked("BAD\u00adWORD"),
    "variation selector": asked("BAD\ufe0fWORD"),
    "combining flood": asked("B\u0337A\u0337\u0338D\u0337W\u0337O\u0337R\u0337D\u0337"),
    "full width": asked("\uff22\uff21\uff24\uff37\uff2f\uff32\uff24"),
    "control character": asked("BAD\x00WORD"),
    "jailbreak by the user": asked(ATTACK),
    "jailbreak in an earlier turn": talk({"role": "user", "content": ATTACK}, GOOD),
    "jailbreak in a tool's result": talk(GOOD, {"role": "tool", "tool_call_id": "c", "content": f"x {ATTACK}"}),
    "jailbreak, zero-width": asked("JAIL\u200bBREAK"),
    "jailbreak after 10,000 characters": asked("x " * 6_000 + ATTACK),
    "jailbreak in the sixth document": talk(
        GOOD,
        *({"role": "tool", "tool_call_id": str(n), "content": f"{n}" if n < 5 else ATTACK} for n in range(6)),
    ),
}


def call(name="look", arguments="{}", call_id="c1"):
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


ANSWERS = {
    "content": [message(f"a {BAD}")],
    "second choice": [message("good"), message(BAD)],
    "tool arguments": [message("", tool_calls=[call(arguments=f'["{BAD}"]')])],
    "tool arguments, escaped": [message("", tool_calls=[call(arguments=ESCAPED)])],
    "tool name": [message("", tool_calls=[call(name=BAD)])],
    "tool call id": [message("", tool_calls=[call(call_id=BAD)])],
    "reasoning": [message("good", reasoning_content=BAD)],
    "refusal": [message("", refusal=BAD)],
    "split over reasoning and content": [message("WORD", reasoning_content="BAD")],
    "logprobs": [{**message("good"), "logprobs": {"content": [{"token": "BAD"}, {"token": "WORD"}]}}],
    "other tokens": [
        {
            **message("good"),
            "logprobs": {"content": [{"token": "good", "top_logprobs": [{"token": "good"}, {"token": BAD}]}]},
        }
    ],
    "zero-width": [message("BAD\u200bWORD")],
    "after 10,000 characters": [message("x " * 6_000 + BAD)],
}

END = deltas()[-1]
STREAMS = {
    "content": deltas("a ", BAD, " b"),
    "split over chunks": deltas("a BA", "DWO", "RD b"),
    "split into letters": deltas(*f"some text before {BAD} and after"),
    "after a long text": deltas(*["word "] * 500, "BAD", "WORD"),
    "the last word": deltas("x" * 1_000, "y" * 190, "BAD", "WORD"),
    "reasoning": [{"choices": [{"index": 0, "delta": {"reasoning_content": part}}]} for part in ("BAD", "WORD")]
    + [END],
    "refusal": [{"choices": [{"index": 0, "delta": {"refusal": part}}]} for part in ("BAD", "WORD")] + [END],
    "tool arguments": [
        {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"arguments": part}}]}}]}
        for part in ('{"a": "BAD', 'WORD"}')
    ]
    + [END],
    "logprobs": [
        {"choices": [{"index": 0, "delta": {"content": "x"}, "logprobs": {"content": [{"token": token}]}}]}
        for token in ("BAD", "WORD")
    ]
    + [END],
    "zero-width": deltas("BAD\u200b", "\u200bWORD"),
    "zero-width flood": deltas("BAD", *["\u200b" * 90] * 20, "WORD"),
    "escaped": deltas('{"a": "', ESCAPED[:20], ESCAPED[20:], '"}'),
}
