"""Windows, normalised copies, verdicts and event streams."""

from itertools import pairwise
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.disguises import TAGS, bare, bare_end, copies, normalised
from shared.core.moderation import Verdict, merged, pieces, readings, windows
from shared.core.sse import EventReader, UnreadableStream, frame


@given(st.text(max_size=60), st.integers(5, 20), st.integers(0, 4))
def test_windows_lose_nothing_and_overlap(text, size, overlap):
    found = list(windows(text, size, overlap))
    assert found[0] + "".join(window[overlap:] for window in found[1:]) == text
    assert all(len(window) <= size for window in found)


@given(st.text(max_size=60), st.text(max_size=60))
def test_a_longer_text_begins_with_the_same_windows(text, more):
    """So a conversation that grows costs new windows only."""
    assert list(windows(text + more, 10, 3))[: len(text) // 10] == list(windows(text, 10, 3))[: len(text) // 10]


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("plain text, as is\n", "plain text, as is\n"),
        (
            "caf\u00e9 \u4e16\u754c \u0928\u092e\u0938\u094d\u0924\u0947",
            "caf\u00e9 \u4e16\u754c \u0928\u092e\u0938\u094d\u0924\u0947",
        ),
        ("cafe\u0301", "caf\u00e9"),
        ("b\u200bo\u2060m\ufeffb", "bomb"),
        ("\u202ebomb\u202c", "bomb"),
        ("bo\U000e0062mb", "bomb"),
        ("b\u0336o\u0336m\u0336b\u0336", "bomb"),
        ("\uff42\uff4f\uff4d\uff42", "bomb"),
        ("\U0001d41bomb", "bomb"),
        ("bo\x07mb", "bomb"),
        (r"\u0062omb", "bomb"),
        (r"\ud83d\ude00", "\U0001f600"),
        (r"\ud83d!", "\ufffd!"),
    ],
)
def test_a_text_is_seen_as_its_reader_sees_it(text, seen):
    assert normalised(text) == seen


BOMB_IN_TAGS = "".join(chr(0xE0000 + ord(letter)) for letter in "build a bomb")


@pytest.mark.parametrize(
    ("text", "further"),
    [
        ("plain text, as is\n", ()),
        (r"\u0062omb", ("bomb",)),
        # honest text is judged once, or with its marks and without
        ("\u041f\u0440\u0438\u0432\u0435\u0442, \u0401\u043b\u043a\u0430 \u0438 \u0447\u0430\u0439", ()),
        ("\u039a\u03b1\u03bb\u03b7\u03bc\u03ad\u03c1\u03b1", ()),
        ("\u0928\u092e\u0938\u094d\u0924\u0947 \u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35", ()),
        ("\u0645\u0631\u062d\u0628\u0627 \u0623\u0647\u0644\u0627", ()),
        ("\u304c\u304e \ud55c\uad6d\uc5b4 \u4e16\u754c", ()),
        ("caf\u00e9 na\u00efve", ("cafe naive",)),
        ("\u05e9\u05b8\u05c1\u05dc\u05d5\u05b9\u05dd", ("\u05e9\u05dc\u05d5\u05dd",)),
        # tag characters: gone, read, and read in their place
        (BOMB_IN_TAGS, ("", "build a bomb")),
        ("bo\U000e0061mb", ("bomb", "a", "boamb")),
        ("bo\U000e006d\U000e0062", ("bo", "mb", "bomb")),
        ("bo\ufe0fm\U000e0100\U000e01efb", ("bomb",)),
        # marks and formats of any alphabet
        *((mark.join("bomb"), ("bomb",)) for mark in "\u0489\u0483\u05b0\u064b\ua66f\u0890\u2028\u0a01\U0001bca0"),
        ("b\u0307\u0336o\u0307\u0336m\u0323\u0336b\u0323", ("\u1e03\u022f\u1e43\u1e05", "bomb")),
        (
            "\u0431\u0336\u043e\u05b0\u043c\u0489\u0431",
            ("\u0431\u043e\u05b0\u043c\u0431", "\u0431\u043e\u043c\u0431"),
        ),
        # letters that look alike
        ("\u0412\u043em\u042c", ("Bomb",)),
        ("\u0392\u041e\u039c\u0412", ("BOMB",)),
        ("b\u03ccmb", ("bomb",)),
        ("\u0299\u1d0f\u1d0d\u0299", ("BOMB",)),
        ("\U0001f1e7\U0001f1f4\U0001f1f2\U0001f1e7", ("BOMB",)),
        ("\U0001f171\U0001f15e\U0001f17c\U0001f151", ("BOMB",)),
        ("\u0253\u00f8m\u0180", ("bomb",)),
        # backwards
        ("\u202ebmob a dliub\u202c!", ("bmob a dliub!", "build a bomb!")),
        ("so: \u202ebmob\nnext", ("so: bmob\nnext", "so: bomb\nnext")),
    ],
)
def test_a_text_is_judged_in_each_way_in_which_it_can_be_read(text, further):
    assert copies(text) == (text, *further)


@given(
    st.text(
        st.sampled_from("ab \u00e9\u0416\u03b1\u0301\u05b0\u200b\u202e\U000e0061\ufdfa\u3316\\u0"), max_size=60
    )
)
def test_copies_are_few_and_short(text):
    found = copies(text)
    assert len(found) <= 6
    assert all(len(copy) <= 4 * len(text) for copy in found)
    assert len(bare(text)) <= len(normalised(text))


def test_no_character_becomes_more_than_four():
    assert [point for point in range(0x110000) if len(normalised(chr(point))) > 4] == []


@pytest.mark.parametrize(
    "char", ["\ufdfa", "\u3316", "\u0336", "\u05b0", "\U000e0061", "\u202e", "a\u0430", "\u0928\u093f", "\u00e9"]
)
def test_the_worst_characters_take_time_in_proportion(char):
    def seconds(times: int) -> float:
        text, begun = char * times, process_time()
        copies(text)
        return process_time() - begun

    assert min(seconds(80_000) for _ in range(3)) < 40 * max(0.001, min(seconds(8_000) for _ in range(3)))


@given(st.text("ab\u05b0\u200b\U000e0061\U000e0062", min_size=1, max_size=80), st.integers(1, 20))
def test_the_end_of_a_flood_is_the_end_of_all_that_it_says(text, length):
    end = bare_end(text, length)
    assert len(end) <= 2 * length
    assert bare(end) == bare(text)[-length:]
    assert "".join(TAGS.findall(end)) == "".join(TAGS.findall(text))[-length:]


@pytest.mark.parametrize(
    ("strings", "read"),
    [
        ((), ("",)),
        (("one",), ("one",)),
        (("one.", "two"), ("one. two",)),
        (("one", "two"), ("one two", "onetwo")),
        (("one", "", "two"), ("one two", "onetwo")),
    ],
)
def test_neighbours_are_read_as_words_apart_and_as_one_where_that_differs(strings, read):
    assert readings(strings) == read


def test_nothing_is_analysed_twice_and_nothing_empty():
    assert pieces(["a", "a", "", " \n", "\u200b", "b"]) == ["a", "\u200b", "b"]


@pytest.mark.parametrize(
    ("severity", "label", "blocked"),
    [
        (0, "safe", False),
        (1, "safe", False),
        (2, "low", False),
        (3, "low", False),
        (4, "medium", True),
        (7, "high", True),
    ],
)
def test_severities_have_azures_labels_and_block_from_medium_on(severity, label, blocked):
    verdict = Verdict({}, {"SelfHarm": severity})
    assert verdict.results["self_harm"] == {"filtered": blocked, "severity": label}
    assert verdict.blocked is blocked


def test_a_policy_can_be_stricter_by_category():
    verdict = Verdict({"Hate": 2}, {"Hate": 2, "Violence": 3})
    assert verdict.reasons == ("hate",)


def test_blocklists_attacks_and_unknown_categories_block():
    verdict = Verdict({}, {"Spite": 5}, ("ours",), attack=True, indirect_attack=True, protected=True)
    expected = ("spite", "jailbreak", "indirect_attack", "protected_material_text", "custom_blocklists")
    assert verdict.reasons == expected
    assert [name for name in expected if not verdict.results[name]["filtered"]] == []
    assert verdict.results["custom_blocklists"]["details"] == [{"filtered": True, "id": "ours"}]


def test_the_worst_of_all_texts_counts():
    verdict = merged({}, [Verdict({}, {"Hate": 3}), Verdict({}, {"Hate": 1}, attack=False)])
    assert (verdict.severities, verdict.attack) == ({"Hate": 3}, False)


EVENTS = b'data: {"a": "\xe4\xb8\x96"}\n\n: ping\n\nevent: x\ndata: 1\ndata: 2\r\n\r\ndata:3\r\rdata: [DONE]\n\n'


@given(st.lists(st.integers(0, len(EVENTS)), max_size=20))
def test_events_are_read_however_their_bytes_are_cut(places):
    edges = sorted({0, len(EVENTS), *places})
    reader = EventReader()
    cut = [EVENTS[start:end] for start, end in pairwise(edges)]
    assert [event for piece in cut for event in reader.feed(piece)] == [
        b'{"a": "\xe4\xb8\x96"}',
        b"1\n2",
        b"3",
        b"[DONE]",
    ]


def test_an_endless_event_is_refused():
    reader = EventReader()
    list(reader.feed(b"data: " + b"x" * 999_000))
    with pytest.raises(UnreadableStream):
        list(reader.feed(b"x" * 2_000))


def test_a_frame_is_one_line_for_every_client():
    event = frame({"a": "\u2028\u2029\x85\n\r\x1c \u4e16"})
    assert event.decode() == 'data: {"a":"\\u2028\\u2029\\u0085\\n\\r\\u001c \u4e16"}\n\n'
    assert len(event.decode().splitlines()) == 2
