"""A streamed choice of several strings that grow in turn is held back like one of a single string."""

from dataclasses import dataclass, field
from itertools import groupby

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.core.chat_answer import Answer, read_choices
from shared.core.holdback import HeldBack, Pace
from shared.core.policy import Policy
from shared.core.questions import on_answer
from tests.fakes_inference import BAD

LANES = ("reasoning_content", "content", "refusal", "arguments")  # in the order in which a whole answer is read
PIECE = st.tuples(st.sampled_from(LANES), st.text(st.sampled_from("xyz \u4e16"), min_size=1, max_size=40))
SAID = st.lists(PIECE, max_size=12)
PLACES = st.sets(st.integers(1, len(BAD) - 1))
SPEEDS = st.lists(st.integers(0, 3), max_size=40)  # how many pieces come while a check is under way
PACES = st.builds(
    Pace,
    first=st.integers(1, 20),
    later=st.integers(1, 40),
    overlap=st.integers(len(BAD) * 2, 30),
    margin=st.integers(len(BAD), 20),
    most=st.integers(60, 200),
)
PROPERTY = settings(max_examples=400, deadline=None, database=None)


@dataclass
class Told:
    """What a client got of a choice: pieces as (string, text), and whether the rest was blocked."""

    left: list[tuple[str, str]] = field(default_factory=list)
    blocked: bool = False

    def of(self, lane: str) -> str:
        return joined(lane, self.left)


def joined(lane: str, said: list[tuple[str, str]]) -> str:
    return "".join(text for name, text in said if name == lane)


def runs(said: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return texts with neighbours of one string put together."""
    return [(lane, joined(lane, list(each))) for lane, each in groupby(said, lambda one: one[0])]


def answer(lane: str, text: str, words: str = "delta") -> Answer:
    said = {"tool_calls": [{"index": 0, "function": {lane: text}}]} if lane == "arguments" else {lane: text}
    return read_choices({"choices": [{words: said}]}, words)[0]


def spoken(piece: Answer) -> tuple[str, str]:
    words = piece.words["tool_calls"][0]["function"] if "tool_calls" in piece.words else piece.words
    return next(iter(words.items()))


def harmful(texts: list[str]) -> bool:
    return any(BAD in question.text for question in on_answer(texts, Policy()))


def told(said: list[tuple[str, str]], speeds: list[int], pace: Pace) -> Told:
    """Play a choice; each check takes as long as some pieces take to come."""
    held, found, waiting, paces = HeldBack(pace), Told(), list(said), iter(speeds)
    while not held.done:
        texts = held.next_texts()
        if texts and harmful(texts):
            found.blocked = True
            return found
        coming = next(paces, 0) if texts else 1
        for piece in waiting[:coming]:
            held.add(answer(*piece))
        waiting = waiting[coming:]
        held.ended = not waiting
        if texts or held.ended:
            found.left += map(spoken, held.passed())
    return found


@PROPERTY
@given(said=SAID, speeds=SPEEDS, pace=PACES)
def test_what_is_harmless_arrives_as_it_was_said(said, speeds, pace):
    found = told(said, speeds, pace)
    assert not found.blocked
    assert runs(found.left) == runs(said)


@PROPERTY
@given(
    lane=st.sampled_from(LANES),
    before=SAID,
    places=PLACES,
    between=st.lists(SAID, min_size=len(BAD), max_size=len(BAD)),
    speeds=SPEEDS,
    pace=PACES,
)
def test_nothing_of_a_bad_word_leaves_whatever_else_grows_in_it(lane, before, places, between, speeds, pace):
    said, edges = list(before), [0, *sorted(places), len(BAD)]
    for start, end, others in zip(edges, edges[1:], between, strict=False):
        said += [(lane, BAD[start:end]), *(other for other in others if other[0] != lane)]
    found = told(said, speeds, pace)
    assert found.blocked
    assert joined(lane, before).startswith(found.of(lane))


@PROPERTY
@given(
    first=st.integers(0, len(LANES) - 2),
    cut=st.integers(1, len(BAD) - 1),
    sides=st.tuples(st.lists(PIECE, max_size=4), st.lists(PIECE, max_size=4)),
    turns=st.lists(st.integers(0, 1), max_size=10),
    speeds=SPEEDS,
    pace=PACES,
)
def test_a_bad_word_over_two_strings_is_seen_whichever_grows_when(first, cut, sides, turns, speeds, pace):
    before, after = ("".join(text for _lane, text in side) for side in sides)
    texts = [[text for _lane, text in sides[0]] + [BAD[:cut]], [BAD[cut:]] + [text for _lane, text in sides[1]]]
    waiting = [[(LANES[first + place], text) for text in each] for place, each in enumerate(texts)]
    said = [waiting[turn].pop(0) for turn in turns if waiting[turn]] + waiting[1] + waiting[0]
    assert harmful([before + BAD[:cut], BAD[cut:] + after])  # as a whole answer
    found = told(said, speeds, pace)
    assert found.blocked
    assert before.startswith(found.of(LANES[first]))
