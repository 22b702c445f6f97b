"""For any request: it is refused with a reason, or every text that the model gets is scanned."""

import unicodedata
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.core.chat_request import DROPPED, KNOWN, ChatRequest, Source, read_request
from shared.core.disguises import normalised
from shared.core.letters import HIDDEN
from shared.core.model_limits import without_system
from shared.core.openai_errors import ApiError
from shared.core.policy import Policy
from shared.core.questions import Kind, on_prompt

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.floats(allow_nan=False), TEXTS)
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=8
)
CALLS = st.fixed_dictionaries(
    {
        "id": TEXTS,
        "type": st.just("function"),
        "function": st.fixed_dictionaries({"name": TEXTS, "arguments": TEXTS}),
    }
)
PARTS = st.fixed_dictionaries(
    {"type": st.sampled_from(["text", "refusal"])}, optional={"text": TEXTS, "refusal": TEXTS}
)
MESSAGES = st.fixed_dictionaries(
    {
        "role": st.sampled_from(["system", "developer", "user", "assistant", "tool"]),
        "content": TEXTS | st.lists(TEXTS | PARTS, min_size=1, max_size=3),
    },
    optional={
        "name": TEXTS,
        "tool_call_id": TEXTS,
        "tool_calls": st.lists(CALLS, max_size=2),
        "refusal": TEXTS,
        "reasoning_content": TEXTS,
    },
)
TOOLS = st.fixed_dictionaries(
    {"type": st.just("function"), "function": st.dictionaries(TEXTS, ANYTHING, max_size=3)}
)
BODIES = st.fixed_dictionaries(
    {"model": st.just("support"), "messages": st.lists(MESSAGES, min_size=1, max_size=4)},
    optional={
        "tools": st.lists(TOOLS, max_size=2),
        "tool_choice": st.just("auto") | st.dictionaries(TEXTS, ANYTHING, max_size=2),
        "response_format": st.dictionaries(TEXTS, ANYTHING, max_size=2).map(
            lambda more: {**more, "type": "json_schema"}
        ),
        "stop": TEXTS | st.lists(TEXTS, max_size=3),
        "user": TEXTS,
        "metadata": ANYTHING,
        "seed": st.integers(),
    },
)
LOOSE = st.dictionaries(st.sampled_from(sorted(KNOWN)) | TEXTS, ANYTHING, max_size=5)
MARKS = "\u0336\u0301\u0323"  # of three classes, which normalising sorts
PROPERTY = settings(max_examples=150, deadline=None, database=None)
OURS = frozenset(  # the shape of a message, and words of a fixed list
    {"role", "content", "name", "tool_calls", "tool_call_id", "id", "type", "function", "arguments"}
    | {"system", "user", "assistant", "tool"}
)


def texts_in(value: Any) -> Iterator[str]:
    """Yield every string and key below a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from texts_in(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from texts_in(item)


def read(body: Any) -> ChatRequest | None:
    try:
        return read_request(body, drop_unknown=True)
    except ApiError as refusal:
        return told(refusal)


def told(refusal: ApiError) -> None:
    assert refusal.status == 400
    assert refusal.body["error"]["message"]


def assert_all_scanned(request: ChatRequest) -> None:
    scanned = [text for part in request.parts for text in part.strings]
    for message in request.forwarded["messages"]:
        for text in texts_in({**message, "content": message["content"].split("\n")}):
            assert text in OURS or any(text in each for each in scanned)
    for name, value in request.forwarded.items():
        if name not in ("messages", "logit_bias"):
            assert set(texts_in(value)) <= {*scanned, ""}
    assert DROPPED.keys().isdisjoint(request.forwarded)


@PROPERTY
@given(body=BODIES)
async def test_all_that_the_model_gets_is_scanned(body):
    request = read(body)
    if request is not None:
        assert_all_scanned(request)


@PROPERTY
@given(body=ANYTHING | LOOSE)
async def test_anything_at_all_is_refused_or_scanned(body):
    request = read(body)
    if request is not None:
        assert_all_scanned(request)


@PROPERTY
@given(body=BODIES)
async def test_what_is_scanned_is_asked_about(body):
    request = read(body)
    if request is None:
        return
    questions = on_prompt(request, Policy())
    analysed = [question.text for question in questions if question.kind is Kind.ANALYSIS]
    shielded = [text for q in questions if q.kind is Kind.SHIELD for text in (q.text, *q.documents)]
    for part in request.parts:
        for text in part.strings:
            assert not text.strip() or any(text in each for each in analysed)
            if part.source in (Source.USER, Source.TOOL):
                assert not text.strip() or any(text in each for each in shielded)


@PROPERTY
@given(body=BODIES)
async def test_folding_the_system_text_loses_nothing(body):
    request = read(body)
    if request is None:
        return
    folded = without_system(request.forwarded["messages"])
    assert all(message["role"] != "system" for message in folded)
    whole = "\n".join(message["content"] for message in folded)
    assert all(message["content"] in whole for message in request.forwarded["messages"])


async def test_a_flood_of_marks_is_read_like_any_text():
    """Normalising it in one go would take hours: its time grows with the square of a run of marks."""
    request = read({"model": "m", "messages": [{"role": "user", "content": "5" + MARKS * 100_000 + "b"}]})
    assert request is not None
    questions = on_prompt(request, Policy())
    assert questions[-1].text
    assert "5b" in [question.text for question in questions]


@PROPERTY
@given(
    words=st.lists(st.text(st.sampled_from("ae\u0301\u0323\u1100\u1161\ufb01\uff22 "), max_size=60), max_size=40)
)
async def test_a_text_in_stretches_is_normalised_as_a_whole(words):
    text = " ".join(words)
    assert normalised(text) == HIDDEN.sub("", unicodedata.normalize("NFKC", text))
