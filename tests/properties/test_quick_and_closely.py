"""Looked at quickly in blocks or closely one by one: of the same lines the same is found."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.core.base_models import BaseModel, base_model
from shared.core.dataset.findings import Findings
from shared.core.dataset.lines import PIECE
from shared.core.dataset.quick import QuickReader
from shared.core.dataset.reading import read
from shared.core.dataset.rules import RULES
from tests.properties.test_any_bytes import any_line, cut, short_bad
from tests.properties.test_hostile_files import MANY_ESCAPES, SEVERAL, damaged
from tests.unit.dataset.examples import good, line, say

PHI = base_model("Phi-4-mini-instruct")
WITHOUT_SYSTEM = base_model("Phi-3-medium-4k-instruct")
PLAIN = (
    good(1),
    good(2),
    line(say("user", "Hi"), say("assistant", "Hello.")),
    line(say("user", " Hi\n"), say("assistant", '"\u0416" <b> [x] \\ \t')),
    line(*[say("user", "Hi"), say("assistant", "Hello.")] * 3),
    MANY_ESCAPES.strip(),
)
SPLIT = (
    b'{"messages": [\n{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}'  # over two lines
)
TWO = good(1) + good(2)  # in one line
ends = st.sampled_from([b"\n", b"\n", b"\n", b"\r\n", b" \n", b"\n\n", b"\n "])
some_line = st.sampled_from([*PLAIN, *PLAIN, *PLAIN, SPLIT, TWO]) | any_line
any_lines = st.lists(st.tuples(some_line, ends), max_size=14).map(
    lambda rows: b"".join(part for row in rows for part in row)
)
begins = st.sampled_from([b"", b"", b"\xef\xbb\xbf", b" ", b"\n"])
last = st.sampled_from([b"", b"", good(3), b"{", b"\r"])


class NeverQuick(QuickReader):
    """Knows no example, so that every line is looked at closely."""

    def examples(self, *_: object) -> None:
        return None

    def first(self, _: object) -> list[Any]:
        return []


def found(chunks: list[bytes], quick: type[QuickReader], profile: BaseModel = PHI) -> tuple[object, ...]:
    """All that is found and kept of a file; the estimate of its tokens is rougher where it is read quickly."""
    findings = Findings(RULES, "support.jsonl")
    seen = read(chunks, profile, findings, quick(profile))
    kept = (seen.prompts, seen.rows, list(seen.places), seen.system_message, seen.sha256)
    return findings.all(), findings.counts, seen.examples, seen.bytes, seen.lines, seen.blank, kept


@settings(max_examples=150, deadline=None)
@given(begins, any_lines, last, st.lists(st.integers(0, 5_000), max_size=4))
def test_the_same_is_found_and_kept(begin, rows, end, places):
    content = begin + rows + end
    expected = found([content], NeverQuick)
    assert found([content], QuickReader) == expected
    assert found(cut(content, places), QuickReader) == expected


@pytest.mark.parametrize("profile", [PHI, WITHOUT_SYSTEM], ids=lambda profile: profile.name)
@pytest.mark.parametrize("seed", range(4))
def test_the_same_is_found_in_damaged_files(seed, profile):
    draw = random.Random(seed)
    for _ in range(100):
        content = damaged(draw, SEVERAL + b"".join(plain + b"\n" for plain in PLAIN))
        assert found([content], QuickReader, profile) == found([content], NeverQuick, profile)


@pytest.mark.parametrize("length", [PIECE // 3, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
@pytest.mark.parametrize("bad", [b"", b"\n", *short_bad[:3]])
def test_the_same_is_found_wherever_a_block_ends(length, bad):
    empty = line(say("user", ""), say("assistant", "Hello."))
    long = line(say("user", "a" * (length - len(empty) - 1)), say("assistant", "Hello."))
    content = b"\n".join([good(1), long, bad, long, good(1), good(2), bad, long])
    assert found([content], QuickReader) == found([content], NeverQuick)


@pytest.mark.parametrize(
    "content",
    [
        SPLIT + b"\n" + TWO + b"\n",  # as many examples as lines, but not one in each
        TWO + b"\n" + SPLIT + b"\n",
        SPLIT.replace(b"[\n", b"[") + b"\n" + SPLIT.replace(b"}, ", b"}\n, ") + TWO + b"\n",
        SPLIT.replace(b"[\n", b"[").replace(b"}, {", b"},\n{") + TWO + b"\n",
        SPLIT.replace(b"[\n", b"[").replace(b"}, ", b"}\n,") + TWO + b"\n",
        good(1) + b"\n" + good(2)[:-1] + b"\n}" + good(3) + b"\n",
    ],
)
def test_an_example_over_two_lines_makes_no_room_for_two_in_one(content):
    whole = good(0) + b"\n" + content
    expected = found([whole], NeverQuick)
    assert found([whole], QuickReader) == expected
    assert expected[2] < whole.count(b"\n")  # examples
