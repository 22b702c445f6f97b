"""Every hole through which other gateways let text pass: prompts, answers and streams with a bad word in them."""

from tests.fakes_inference import ATTACK, BAD, deltas, message
from tests.unit.inference.asking import asked

GOOD = {"role": "user", "content": "Hello?"}
CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
ESCAPED = "".join(f"\\u{ord(letter):04x}" for letter in BAD)

# What a reader or a model reads as the bad word, and a classifier may not.
DISGUISES = {
    "zero-width": "BAD\u200bWORD",
    "bidi": "BAD\u202e\u202cWORD",
    "tag characters in between": "BAD\U000e0041WORD",
    "nothing but tag characters": "".join(chr(0xE0000 + ord(letter)) for letter in BAD),
    "half in tag characters": "BAD" + "".join(chr(0xE0000 + ord(letter)) for letter in "WORD"),
    "soft hyphen": "BAD\u00adWORD",
    "variation selector": "BAD\ufe0fWORD",
    "variation selectors beyond the BMP": "BAD\U000e0100\U000e01efWORD",
    "combining flood": "B\u0337A\u0337\u0338D\u0337W\u0337O\u0337R\u0337D\u0337",
    "marks that compose": "".join(letter + "\u0307\u0323\u0336\u0335" for letter in BAD),
    "letters that have marks": "\u1e02\u00c1\u1e0a\u1e86\u00d8\u0158\u1e0a",
    "full width": "\uff22\uff21\uff24\uff37\uff2f\uff32\uff24",
    "control character": "BAD\x00WORD",
    "Cyrillic letters": "\u0412\u0410D\u051c\u041eRD",
    "Greek letters": "\u0392\u0391DW\u039fRD",
    "small capitals": "\u0299\u1d00\u1d05\u1d21\u1d0f\u0280\u1d05",
    "regional indicators": "".join(chr(0x1F1E6 + ord(letter) - ord("A")) for letter in BAD),
    "negative squares": "".join(chr(0x1F170 + ord(letter) - ord("A")) for letter in BAD),
    "backwards": "\u202eDROWDAB\u202c",
    "backwards to its end": "so \u202eDROWDAB",
    **{
        f"U+{ord(mark):04X} after each letter": "".join(letter + mark for letter in BAD)
        for mark in "\u0489\u0483\u05b0\u064b\ua66f\u0a01\u093f\u0890\u2028\U0001bca0"
    },
}


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
    **{name: asked(text) for name, text in DISGUISES.items()},
    "split over messages, with a name": talk(
        {**GOOD, "content": "BAD", "name": "ann"}, {**GOOD, "content": "WORD"}
    ),
    "split over tools' results": talk(
        GOOD, *({"role": "tool", "tool_call_id": "1", "content": part} for part in ("BAD", "WORD"))
    ),
    "split over messages, with a call between": talk(
        {**GOOD, "content": "BAD"},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {**GOOD, "content": "WORD"},
    ),
    "jailbreak by the user": asked(ATTACK),
    "jailbreak in an earlier turn": talk({"role": "user", "content": ATTACK}, GOOD),
    "jailbreak in a tool's result": talk(GOOD, {"role": "tool", "tool_call_id": "c", "content": f"x {ATTACK}"}),
    "jailbreak split over users' messages": talk(*({**GOOD, "content": part} for part in ("JAIL", "BREAK"))),
    "jailbreak split over turns, with names": talk(
        {**GOOD, "content": "JAIL", "name": "ann"},
        {"role": "assistant", "content": "Yes?"},
        {**GOOD, "content": "BREAK", "name": "ann"},
    ),
    "jailbreak split over tools' results": talk(
        GOOD, *({"role": "tool", "tool_call_id": "1", "content": part} for part in ("JAIL", "BREAK"))
    ),
    "jailbreak in tag characters": asked("".join(chr(0xE0000 + ord(letter)) for letter in ATTACK)),
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
    **{name: [message(text)] for name, text in DISGUISES.items()},
    "the first of two tool calls with one index": [
        message("", tool_calls=[{"index": 0, **call(arguments=BAD)}, {"index": 0, **call(arguments="x")}])
    ],
    "a tool call with the index of the next, which has none": [
        message("", tool_calls=[{"index": 1, **call(arguments=BAD)}, call(arguments="x")])
    ],
    "the name of the first of two tool calls": [
        message("", tool_calls=[{"index": 0, **call(name=BAD)}, {"index": 0, **call()}])
    ],
    "after 10,000 characters": [message("x " * 6_000 + BAD)],
}

END = deltas()[-1]


def called(*calls):
    return {"choices": [{"index": 0, "delta": {"tool_calls": list(calls)}}]}


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
    **{name: deltas(*text) for name, text in DISGUISES.items()},
    "the first of two tool calls with one index": [
        called({"index": 0, **call(arguments=BAD)}, {"index": 0, **call(arguments="x")}),
        END,
    ],
    "a tool call with the index of the next, which has none": [
        called({"index": 1, **call(arguments=BAD)}, call(arguments="x")),
        END,
    ],
    "arguments in two pieces of one chunk": [
        called({"index": 0, **call(arguments="BAD")}, {"index": 0, "function": {"arguments": "WORD"}}),
        END,
    ],
    "tag characters, a flood before the rest": deltas(
        *["\U000e0041" * 90] * 20,
        DISGUISES["nothing but tag characters"][:3],
        DISGUISES["nothing but tag characters"][3:],
    ),
    "a flood of marks": deltas("BAD", *["\u05b0" * 90] * 20, "WORD"),
    "zero-width, split": deltas("BAD\u200b", "\u200bWORD"),
    "zero-width flood": deltas("BAD", *["\u200b" * 90] * 20, "WORD"),
    "escaped": deltas('{"a": "', ESCAPED[:20], ESCAPED[20:], '"}'),
}
