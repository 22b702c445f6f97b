"""For any text and cut, wherever the bad word stands: not a letter of it leaves, and the rest is whole."""

from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.core.holdback import Pace
from tests.fakes_inference import BAD, FakeChatModel, deltas
from tests.unit.inference.asking import Asking, Outcome, asked

# No letters of the bad word around it, so that "no letter of it left" can be told.
PLAIN = st.text(st.sampled_from("xyz \n.\u00e9\u4e16"), max_size=120)
# Beyond the BMP, and floods of what is on no screen: combining marks, zero-width, tags, variation selectors.
FLOOD = st.builds(
    str.__mul__, st.sampled_from(["\u0336", "\u05b0", "\u200b", "\ufe0f", "\U000e0041"]), st.integers(1, 150)
)
ASTRAL = st.text(st.sampled_from("\U0001f600\U0001d54f\U00020000xy "), max_size=60)
TEXTS = st.lists(st.one_of(PLAIN, ASTRAL, FLOOD), max_size=4).map("".join)
PACES = st.builds(
    Pace,
    first=st.integers(1, 40),
    later=st.integers(1, 60),
    overlap=st.integers(len(BAD) * 2, 60),
    margin=st.integers(len(BAD), 20),
    most=st.integers(60, 200),
)
PLACES = st.lists(st.integers(0, 400), max_size=30)
PROPERTY = settings(max_examples=60, deadline=None, database=None)


def cut(text: str, places: list[int]) -> list[str]:
    edges = sorted({0, len(text), *(place for place in places if place < len(text))})
    return [text[start:end] for start, end in pairwise(edges)]


def arguments(*texts: str) -> list[dict]:
    """Return the chunks of one tool call whose arguments grow."""
    calls = [{"tool_calls": [{"index": 0, "function": {"arguments": text}}]} for text in texts]
    calls[:1] = [
        {"tool_calls": [{"index": 0, "id": "c1", "function": {"name": "f", "arguments": ""}}]},
        *calls[:1],
    ]
    return [{"choices": [{"index": 0, "delta": delta}]} for delta in calls] + deltas()[-1:]


def argument_text(outcome: Outcome, index: int = 0) -> str:
    return "".join(
        call["function"].get("arguments", "")
        for chunk in outcome.chunks
        for choice in chunk["choices"]
        if choice["index"] == index
        for call in choice["delta"].get("tool_calls", [])
    )


async def streamed(chunks: list, pace: Pace) -> Outcome:
    return await Asking(chat=FakeChatModel(chunks=chunks), pace=pace).streamed(asked())


@PROPERTY
@given(before=TEXTS, after=TEXTS, places=PLACES, pace=PACES)
async def test_nothing_of_the_bad_word_leaves(before, after, places, pace):
    outcome = await streamed(deltas(*cut(before + BAD + after, places)), pace)
    assert outcome.finish() == "content_filter"
    assert before.startswith(outcome.text())


@PROPERTY
@given(text=TEXTS, places=PLACES, pace=PACES)
async def test_what_is_harmless_arrives_unchanged(text, places, pace):
    outcome = await streamed(deltas(*cut(text, places)), pace)
    assert (outcome.text(), outcome.finish(), outcome.cut) == (text, "stop", None)


@PROPERTY
@given(before=TEXTS, after=TEXTS, hidden=FLOOD, places=PLACES, pace=PACES)
async def test_nothing_of_a_bad_word_with_hidden_letters_in_it_leaves(before, after, hidden, places, pace):
    bad = BAD[:3] + hidden + BAD[3:]
    outcome = await streamed(deltas(*cut(before + bad + after, places)), pace)
    assert outcome.finish() == "content_filter"
    assert before.startswith(outcome.text())


@PROPERTY
@given(before=TEXTS, after=TEXTS, places=PLACES, pace=PACES)
async def test_nothing_of_a_bad_word_in_tag_characters_leaves(before, after, places, pace):
    bad = "".join(chr(0xE0000 + ord(letter)) for letter in BAD)
    outcome = await streamed(deltas(*cut(before + bad + after, places)), pace)
    assert outcome.finish() == "content_filter"
    assert before.startswith(outcome.text())


@PROPERTY
@given(before=PLAIN, after=PLAIN, places=PLACES, pace=PACES, bad=st.booleans())
async def test_tool_arguments_are_held_back_like_content(before, after, places, pace, bad):
    text = before + (BAD if bad else "") + after
    outcome = await streamed(arguments(*cut(text, places)), pace)
    if bad:
        assert outcome.finish() == "content_filter"
        assert before.startswith(argument_text(outcome))
    else:
        assert (argument_text(outcome), outcome.finish()) == (text, "stop")


CHOICE = st.tuples(TEXTS, PLACES, st.booleans())


@PROPERTY
@given(choices=st.lists(CHOICE, min_size=2, max_size=4), pace=PACES)
async def test_each_choice_is_whole_or_blocked_by_itself(choices, pace):
    texts = [text + (BAD + text if bad else "") for text, _places, bad in choices]
    each = [deltas(*cut(full, places)) for full, (_text, places, _bad) in zip(texts, choices, strict=True)]
    outcome = await Asking(chat=FakeChatModel(each=each), pace=pace).streamed(asked(n=len(choices)))
    for index, (text, _places, bad) in enumerate(choices):
        assert outcome.finish(index) == ("content_filter" if bad else "stop")
        assert text.startswith(outcome.text(index)) if bad else outcome.text(index) == text
    assert outcome.cut is None


@PROPERTY
@given(before=TEXTS, after=TEXTS, turns=st.lists(st.integers(0, 300), max_size=6))
async def test_a_bad_word_split_over_turns_never_goes_in_unseen(before, after, turns):
    asking = Asking()
    texts = cut(before + BAD + after, turns)
    body = {"model": "support", "messages": [{"role": "user", "content": text} for text in texts]}
    assert (await asking.whole(body)).code == "content_filter"


@PROPERTY
@example("x", "", ["\u0336", "\U000e0041" * 71], [1, 8, 200, 201, 223], Pace(1, 1, overlap=14, margin=7, most=60))
@given(before=PLAIN, after=PLAIN, floods=st.lists(FLOOD, min_size=1, max_size=12), places=PLACES, pace=PACES)
async def test_no_flood_is_long_enough_to_hide_a_bad_word(before, after, floods, places, pace):
    bad = BAD[:4] + "".join(floods) * 3 + BAD[4:]
    outcome = await streamed(deltas(*cut(before + bad + after, places)), pace)
    assert outcome.finish() == "content_filter"
    assert before.startswith(outcome.text())
