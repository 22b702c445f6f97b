"""However a word is disguised, letter by letter, one of the copies that are judged spells it out."""

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.core.disguises import copies
from shared.core.letters import LETTERS, LOOKS_LIKE
from tests.fakes_inference import BAD

PROPERTY = settings(max_examples=300, deadline=None, database=None)
MARKS = [chr(point) for point in range(0x20000) if unicodedata.category(chr(point)) in ("Mn", "Me", "Mc")]
UNSEEN = [chr(point) for point in range(0x20000) if unicodedata.category(chr(point)) == "Cf"]
UNSEEN += [chr(point) for point in (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0), *range(0xE0000, 0xE0080))]
UNSEEN.remove("\u202e")  # turns what follows around
FOLLOWING = st.text(st.sampled_from(MARKS) | st.sampled_from(UNSEEN), max_size=4)


def forms(letter: str) -> list[str]:
    """Return what is read as the letter: with marks, in other fonts, and of other alphabets."""
    decorated = [chr(point) for point, plain in LETTERS.items() if plain == letter]
    fonts = [chr(ord(letter) + shift) for shift in (0xFEE0, 0x1D3BF, 0x1D3F3, 0x1D5A0 - 65, 0x1F130 - 65)]
    return [letter, *decorated, *fonts, *LOOKS_LIKE.get(letter, "")]


@st.composite
def disguised(draw: st.DrawFn, word: str = BAD) -> str:
    """Return the word with each letter disguised but the last, which shows the alphabet of the whole."""
    letters = [draw(st.sampled_from(forms(letter))) for letter in word[:-1]]
    return "".join(letter + draw(FOLLOWING) for letter in (*letters, word[-1]))


@PROPERTY
@given(word=disguised(), before=st.text(max_size=20), after=st.text(max_size=20))
async def test_a_disguised_word_is_spelled_out_in_a_copy(word, before, after):
    assert any(BAD in copy for copy in copies(f"{before} {word} {after}"))


@PROPERTY
@given(text=st.text(max_size=60))
async def test_the_text_itself_is_always_judged_and_nothing_twice(text):
    found = copies(text)
    assert found[0] == text
    assert len(set(found)) == len(found)


@PROPERTY
@given(text=st.text(st.characters(max_codepoint=126, exclude_categories=["Cc"], exclude_characters="\\")))
async def test_plain_text_is_judged_once(text):
    assert copies(text) == (text,)
