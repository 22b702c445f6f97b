"""Windows, normalised copies, verdicts and event streams."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.moderation import Verdict, merged, normalised, pieces, readings, windows
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
