"""For any text and cut, wherever the bad word stands: not a letter of it leaves, and the rest is whole."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.core.holdback import Pace
from tests.fakes_inference import BAD, FakeChatModel, deltas
from tests.unit.inference.asking import Asking, asked

# No letters of the bad word around it: so "no letter of it left" can be told.
TEXTS = st.text(st.sampled_from("xyz \n.\u00e9\u4e16\U0001f600"), max_size=120)
PACES = st.builds(
    Pace,
    first=st.integers(1, 40),
    later=st.integers(1, 60),
    overlap=st.integers(len(BAD) * 2, 60),
    margin=st.integers(len(BAD), 20),
    most=st.integers(60, 200),
)


def cut(text, places):
    edges = sorted({0, len(text), *(place for place in places if place < len(text))})
    return [text[start:end] for start, end in pairwise(edges)]


@settings(max_examples=80, deadline=None, database=None)
@given(before=TEXTS, after=TEXTS, places=st.lists(st.integers(0, 250)), pace=PACES)
async def test_nothing_of_the_bad_word_leaves(before, after, places, pace):
    chunks = deltas(*cut(before + BAD + after, places))
    outcome = await Asking(chat=FakeChatModel(chunks=chunks), pace=pace).streamed(asked())
    assert outcome.finish() == "content_filter"
    assert before.startswith(outcome.text())


@settings(max_examples=80, deadline=None, database=None)
@given(text=TEXTS, places=st.lists(st.integers(0, 250)), pace=PACES)
async def test_what_is_harmless_arrives_unchanged(text, places, pace):
    outcome = await Asking(chat=FakeChatModel(chunks=deltas(*cut(text, places))), pace=pace).streamed(asked())
    assert (outcome.text(), outcome.finish(), outcome.cut) == (text, "stop", None)
