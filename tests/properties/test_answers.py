"""For any answer: each text that goes out is judged, however the model numbers its tool calls."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.core.chat_answer import read_choices

PROPERTY = settings(max_examples=150, deadline=None, database=None)
WORDS = st.text("abc\u00e9 {}", min_size=1, max_size=12)
CALLS = st.fixed_dictionaries(
    {
        "type": st.just("function"),
        "function": st.fixed_dictionaries({}, optional={"name": WORDS, "arguments": WORDS}),
    },
    optional={"index": st.none() | st.integers(0, 2), "id": st.none() | WORDS},
)
SPOKEN = st.fixed_dictionaries(
    {"tool_calls": st.lists(CALLS, max_size=5)},
    optional={"content": WORDS, "reasoning_content": WORDS, "refusal": WORDS},
)
OURS = frozenset({"type"})


def texts_in(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = [item for name, item in value.items() if name not in OURS] if isinstance(value, dict) else value
    return [text for item in inner for text in texts_in(item)] if isinstance(inner, list) else []


@PROPERTY
@given(spoken=SPOKEN, name=st.sampled_from(["message", "delta"]))
async def test_every_text_of_one_piece_is_in_a_lane(spoken, name):
    (answer,) = read_choices({"choices": [{"index": 0, name: spoken}]}, name)
    texts = texts_in(dict(answer.words))
    assert sum(map(len, texts)) == sum(map(len, answer.lanes.values()))
    assert all(any(text in lane for lane in answer.lanes.values()) for text in texts)


@PROPERTY
@given(spoken=SPOKEN)
async def test_calls_of_a_whole_answer_are_judged_each_by_itself(spoken):
    (answer,) = read_choices({"choices": [{"index": 0, "message": spoken}]}, "message")
    assert sorted(texts_in(dict(answer.words))) == sorted(answer.lanes.values())
